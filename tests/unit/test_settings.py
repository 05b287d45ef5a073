"""Settings: environment, command line, and what is refused."""

from __future__ import annotations

import pytest

from genui.settings import Settings
from genui.start import from_command_line


def test_options_override_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENUI_PORT", "9000")
    monkeypatch.setenv("GENUI_HOST", "0.0.0.0")
    settings = from_command_line(["--port", "9001", "--model", "a/b", "--model", "c.gguf"])
    assert (settings.port, settings.host) == (9001, "0.0.0.0")
    assert settings.model == ["a/b", "c.gguf"]


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["--share"], "--auth user:password"),
        (["--auth", "nobody"], "user:password"),
        (["--port", "99999"], "--port"),
        (["--device", "toaster"], "--device"),
    ],
)
def test_a_bad_option_ends_with_one_sentence(
    argv: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        from_command_line(argv)
    assert stop.value.code == 2
    shown = capsys.readouterr().err
    assert complaint in shown
    assert "Traceback" not in shown


def test_accounts_may_hold_colons() -> None:
    assert Settings(auth="ann:a:b,bob:c").accounts == [("ann", "a:b"), ("bob", "c")]
    assert Settings(share=True, auth="ann:secret").share
