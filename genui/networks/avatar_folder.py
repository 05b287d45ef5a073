"""The folder of an avatar model: everything that the latent explorer needs, written and read here.

`config.json`, `model.safetensors`, `discriminator.safetensors` (GAN), `judge.safetensors` and
`.json`, `directions.safetensors` and `.json`, `map.safetensors` and `.json`, `embed.safetensors`,
`atlas.webp`, `statistics.json`, `metrics.json`, `README.md`. Weights are fp16 on disk, fp32 in
memory. Knows nothing of how they were trained; a file that is missing or wrong raises OSError,
KeyError or ValueError."""

from __future__ import annotations

import bisect
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from genui.networks.avatar_gan import Discriminator, Generator
from genui.networks.avatar_map import Embedding, interpolate
from genui.networks.avatar_vae import AvatarVAE
from genui.networks.judge import Judge

FORMAT = 1
ATLAS = "atlas.webp"
ATLAS_COLUMNS, ATLAS_SIDE = 100, 32  # thumbnails in a row of the atlas, pixels of each


@dataclass(frozen=True)
class Config:
    """What `config.json` says. kind: "vae" or "gan"; width: of the network, and for a GAN of its
    discriminator; layers: styled convolutions of a GAN, else 0; trained_on: in words."""

    kind: str
    latent: int
    width: int
    trained_on: str
    layers: int = 0
    size: int = 64
    format: int = FORMAT


@dataclass(frozen=True)
class Direction:
    """A step in the latent space, (latent,): amount 1.0 is one standard deviation of the data along
    it. kind: "attribute" (fitted from labels) or "found" (PCA); low, high: what its ends are
    called; accuracy: how often two steps give what they promise, as the judge sees it, None where
    nothing is promised; leakage: share of samples in which another attribute changed on the way;
    effect: mean change of a picture for one step, 0–2 a pixel and channel."""

    name: str
    title: str
    kind: str
    low: str
    high: str
    accuracy: float | None
    leakage: dict[str, float]
    effect: float
    range: tuple[float, float]
    vector: Tensor


@dataclass(frozen=True)
class Map:
    """Stored places (N, latent) with their spots on two maps, "pca" and "neighbours", each (N, 2)
    in 0..1. A PCA spot is (axes · (place - mean) - low) / (high - low) with axes (2, latent).
    `attributes`: head → the answers and, for each place, the number of its own."""

    places: Tensor
    pca: Tensor
    neighbours: Tensor
    pca_axes: Tensor
    pca_mean: Tensor
    pca_low: Tensor
    pca_high: Tensor
    embedding: Embedding
    attributes: dict[str, tuple[list[str], list[int]]]

    @torch.no_grad()
    def spots(self, places: Tensor) -> Tensor:
        """Where places (B, latent) are, old or new: (B, 2, 2), first on the PCA, then among
        neighbours. Outside 0..1 is off the map."""
        raw = (places - self.pca_mean) @ self.pca_axes.T
        pca = (raw - self.pca_low) / (self.pca_high - self.pca_low)
        return torch.stack([pca, self.embedding(places)], 1)

    def place(self, at: Tensor, name: str) -> Tensor:
        """What lies at spots `at` (B, 2) of the map "pca" or "neighbours": (B, latent). On the PCA
        map what is found is moved along the axes to the very spot."""
        spots = {"pca": self.pca, "neighbours": self.neighbours}[name]
        found = interpolate(spots, self.places, at)
        if name == "neighbours":
            return found
        raw = at * (self.pca_high - self.pca_low) + self.pca_low
        return found + (raw - (found - self.pca_mean) @ self.pca_axes.T) @ self.pca_axes


@dataclass(frozen=True)
class Quantiles:
    """How a number is spread over known things: `values` are its quantiles at equal shares from 0
    to 1, ascending."""

    values: tuple[float, ...]

    @classmethod
    def measure(cls, numbers: Tensor, steps: int = 100) -> Quantiles:
        """From numbers (N,), at `steps + 1` shares."""
        shares = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
        return cls(tuple(round(v, 6) for v in numbers.double().quantile(shares).tolist()))

    def share(self, number: float) -> float:
        """The share, 0–1, of known things whose number is smaller."""
        steps = len(self.values) - 1
        right = bisect.bisect_right(self.values, number)
        if right == 0 or right > steps:
            return float(right > 0)
        low, high = self.values[right - 1], self.values[right]
        return (right - 1 + (number - low) / (high - low)) / steps


@dataclass(frozen=True)
class Statistics:
    """What `statistics.json` says of the training data and of the latent space.

    spread: standard deviation of the data per dimension (latent,). kl: nats per dimension (VAE), or
    empty. shares: head → answer → how many of `pictures` training pictures have it; a head that
    does not apply to every picture sums to less. apart: distance of held-out places from the
    nearest stored one by `distance`. scores: the discriminator's, of training pictures (GAN).
    errors: mean absolute error, 0–2, of held-out avatars, given back by the VAE or found in the GAN
    by `avatar-search`."""

    spread: list[float]
    kl: list[float]
    shares: dict[str, dict[str, int]]
    pictures: int
    apart: Quantiles
    scores: Quantiles | None = None
    errors: Quantiles | None = None


@dataclass(frozen=True)
class Avatars:
    """A whole folder, read: networks on the CPU in fp32 and ready to use, without gradients.
    `classes`: head of the judge → its answers. `metrics` is as evaluation wrote it."""

    folder: Path
    config: Config
    network: AvatarVAE | Generator
    discriminator: Discriminator | None
    judge: Judge
    classes: dict[str, list[str]]
    directions: tuple[Direction, ...]
    map: Map
    statistics: Statistics
    metrics: dict[str, Any]

    @property
    def atlas(self) -> Path:
        """The thumbnails of the map's places, row by row."""
        return self.folder / ATLAS

    def draw(self, places: Tensor) -> Tensor:
        """Places (B, latent), for a GAN also (B, layers, latent) → pictures (B, 3, 64, 64) in
        -1..1, without truncation."""
        with torch.no_grad():
            if isinstance(self.network, Generator):
                return self.network.synthesis(places).clamp(-1, 1)
            return self.network.decode(places).clamp(-1, 1)

    def apart(self, places: Tensor) -> Tensor:
        """How far places (B, latent) are from the nearest stored one (B,), see `distance`."""
        return distance(places, self.map.places, torch.tensor(self.statistics.spread))

    def far(self, places: Tensor) -> list[float]:
        """The share, 0–1, of held-out places that lie nearer to the stored ones than each of
        these (B, latent) does: 1 is farther than all of them."""
        return [self.statistics.apart.share(number) for number in self.apart(places).tolist()]


def distance(places: Tensor, stored: Tensor, spread: Tensor) -> Tensor:
    """How far places (B, latent) are from the nearest of the stored ones (N, latent): root mean
    square over dimensions, in standard deviations `spread` (latent) of the data, (B,)."""
    away = torch.cdist(places / spread, stored / spread).amin(1)
    found: Tensor = away / places.shape[1] ** 0.5
    return found


def build(config: Config) -> AvatarVAE | Generator:
    """The untrained network that a config describes. Raises ValueError for another kind."""
    if config.kind == "vae":
        return AvatarVAE(config.latent, config.width)
    if config.kind == "gan":
        return Generator(config.latent, config.width)
    raise ValueError(f"{config.kind!r} is no kind of avatar model: vae, gan")


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _write(path: Path, said: Any, indent: int | None = 1) -> None:
    path.write_text(json.dumps(said, indent=indent, ensure_ascii=False) + "\n", "utf-8")


def _save(path: Path, tensors: Mapping[str, Tensor]) -> None:
    save_file({name: t.detach().cpu().half().contiguous() for name, t in tensors.items()}, path)


def _load(path: Path) -> dict[str, Tensor]:
    return {name: value.float() for name, value in load_file(path).items()}


def write_network(
    folder: Path, config: Config, network: nn.Module, discriminator: Discriminator | None = None
) -> None:
    """Write `config.json` and the weights, half as precise as in memory."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "config.json", asdict(config))
    prefix = "generator." if config.kind == "gan" else ""
    _save(
        folder / "model.safetensors",
        {prefix + name: value for name, value in network.state_dict().items()},
    )
    if discriminator is not None:
        _save(folder / "discriminator.safetensors", discriminator.state_dict())


def read_network(
    folder: Path,
) -> tuple[Config, AvatarVAE | Generator, Discriminator | None]:
    """Read what `write_network` wrote. Raises ValueError for a folder of another format."""
    said = _read(folder / "config.json")
    if said.get("format") != FORMAT:
        raise ValueError(f"{folder.name} has the format {said.get('format')!r}, not {FORMAT}")
    config = Config(**said)
    network, discriminator = build(config), None
    weights = _load(folder / "model.safetensors")
    if config.kind == "gan":
        weights = {name.removeprefix("generator."): value for name, value in weights.items()}
        discriminator = Discriminator(config.width)
        discriminator.load_state_dict(_load(folder / "discriminator.safetensors"))
        discriminator.eval().requires_grad_(False)
    network.load_state_dict(weights)
    network.eval().requires_grad_(False)
    return config, network, discriminator


def write_judge(folder: Path, judge: Judge, classes: Mapping[str, Sequence[str]]) -> None:
    """Write the network that names attributes, with the meaning of its answers."""
    _save(folder / "judge.safetensors", judge.state_dict())
    _write(folder / "judge.json", {"width": judge.size // 10, "classes": dict(classes)})


def read_judge(folder: Path) -> tuple[Judge, dict[str, list[str]]]:
    """Read what `write_judge` wrote."""
    said = _read(folder / "judge.json")
    classes: dict[str, list[str]] = said["classes"]
    judge = Judge({head: len(names) for head, names in classes.items()}, said["width"])
    judge.load_state_dict(_load(folder / "judge.safetensors"))
    judge.eval().requires_grad_(False)
    return judge, classes


def write_directions(folder: Path, directions: Sequence[Direction]) -> None:
    """Write directions in the order in which they are offered."""
    _save(folder / "directions.safetensors", {d.name: d.vector for d in directions})
    said = [{k: v for k, v in vars(d).items() if k != "vector"} for d in directions]
    _write(folder / "directions.json", said)


def read_directions(folder: Path) -> tuple[Direction, ...]:
    """Read what `write_directions` wrote."""
    vectors = _load(folder / "directions.safetensors")
    return tuple(
        Direction(**said | {"range": tuple(said["range"])}, vector=vectors[said["name"]])
        for said in _read(folder / "directions.json")
    )


def write_map(folder: Path, map: Map) -> None:
    """Write the map; the atlas is a picture beside it, written by whoever draws it."""
    arrays = ("places", "pca", "neighbours", "pca_axes", "pca_mean", "pca_low", "pca_high")
    tensors = {name: getattr(map, name).float().contiguous() for name in arrays}
    # spots stay exact: in half precision thousands of them would fall together
    save_file(tensors | {"places": map.places.half()}, folder / "map.safetensors")
    save_file(map.embedding.state_dict(), folder / "embed.safetensors")
    columns = {
        head: {"answers": answers, "of": of} for head, (answers, of) in map.attributes.items()
    }
    _write(folder / "map.json", {"attributes": columns}, indent=None)


def read_map(folder: Path) -> Map:
    """Read what `write_map` wrote."""
    arrays = _load(folder / "map.safetensors")
    weights = _load(folder / "embed.safetensors")
    embedding = Embedding(arrays["places"].shape[1], weights["layers.0.weight"].shape[0])
    embedding.load_state_dict(weights)
    embedding.eval().requires_grad_(False)
    columns = _read(folder / "map.json")["attributes"]
    attributes = {head: (said["answers"], said["of"]) for head, said in columns.items()}
    return Map(**arrays, embedding=embedding, attributes=attributes)


def write_statistics(folder: Path, statistics: Statistics) -> None:
    """Write `statistics.json`."""
    said = {k: v for k, v in asdict(statistics).items() if v is not None}
    _write(folder / "statistics.json", said, indent=None)


def read_statistics(folder: Path) -> Statistics:
    """Read what `write_statistics` wrote."""
    said = _read(folder / "statistics.json")
    for name in ("apart", "scores", "errors"):
        if name in said:
            said[name] = Quantiles(tuple(said[name]["values"]))
    return Statistics(**said)


def read(folder: Path) -> Avatars:
    """Read a whole folder."""
    config, network, discriminator = read_network(folder)
    judge, classes = read_judge(folder)
    return Avatars(
        folder, config, network, discriminator, judge, classes, read_directions(folder),
        read_map(folder), read_statistics(folder), _read(folder / "metrics.json"),
    )  # fmt: skip
