"""Every setting of genui in one place; each is an environment variable `GENUI_<NAME>`.

docs/settings.md lists them; a test fails when it lags.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from the environment; command-line options of `app.py` override it."""

    model_config = SettingsConfigDict(env_prefix="GENUI_", extra="ignore", frozen=True)

    # a Hugging Face Space says through Gradio's own variable where it wants to be served
    host: str = Field(
        os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"), description="Address to listen on."
    )
    port: int = Field(7860, ge=1, le=65535, description="Port to listen on.")
    data_dir: Path = Field(
        Path("data"), description="Folder for the database, media, keys and fetched models."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="Where models run; auto takes a GPU when there is one."
    )
    model: list[str] = Field(
        default_factory=list,
        description="Extra models: a hub id, a folder or a .gguf file (JSON list).",
    )
    share: bool = Field(False, description="Public Gradio link; refused without auth.")
    auth: str = Field("", description="user:password, several separated by commas.")
    offline: bool = Field(False, description="Never ask the network for weights.")
    root_path: str = Field("", description="Path prefix behind a reverse proxy.")
    mcp: bool = Field(False, description="Serve the API as MCP tools (needs the mcp package).")

    database_url: str = Field(
        "", description="SQLAlchemy URL; empty means SQLite inside the data folder."
    )
    feedback: Literal["off", "local", "shared"] = Field(
        "local", description="Where ratings go: nowhere, this server, or a public data set."
    )
    feedback_license: str = Field(
        "CC BY 4.0", description="Licence under which ratings are given, shown on the strip."
    )
    warm: bool = Field(True, description="Load the default models behind the page at start.")
    threads: int = Field(0, ge=0, le=256, description="CPU threads for models; 0 means all cores.")
    context_tokens: int = Field(
        2048, ge=256, le=131072, description="Context of a text model for each visitor."
    )
    slots: int = Field(4, ge=1, le=64, description="Visitors a text model serves at once.")
    attention: Literal["default", "sdpa", "flash", "sage", "xformers"] = Field(
        "default", description="How image models on a GPU compute attention."
    )
    compile: bool = Field(
        False, description="Compile image models: minutes at first use, then faster."
    )
    memory_mb: int = Field(
        0, ge=0, description="Memory for loaded models in MB; 0 means 60 % of the machine's."
    )
    idle_minutes: float = Field(20, gt=0, description="Unload a model unused for this long.")
    queue_max: int = Field(64, ge=1, description="Jobs that may wait for one model.")
    session_jobs: int = Field(4, ge=1, description="Unfinished jobs one visitor may have.")
    ratings_per_minute: int = Field(600, ge=1, description="Ratings one visitor may send a minute.")

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @model_validator(mode="after")
    def _share_needs_auth(self) -> Settings:
        if self.share and not self.auth:
            raise ValueError(
                "--share opens this machine to the internet: give --auth user:password"
            )
        for pair in filter(None, self.auth.split(",")):
            user, colon, password = pair.partition(":")
            if not (user and colon and password):
                raise ValueError("--auth wants user:password, several separated by commas")
        return self

    @property
    def accounts(self) -> list[tuple[str, str]]:
        """(user, password) pairs of `auth`."""
        pairs = [pair.split(":", 1) for pair in self.auth.split(",") if pair]
        return [(user, password) for user, password in pairs]

    @property
    def cpu_threads(self) -> int:
        """Threads a model on the CPU may take."""
        return self.threads or os.cpu_count() or 1
