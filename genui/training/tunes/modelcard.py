"""`python -m genui.training tunes-card`: the model cards of the music models, README.md in each
folder, from its `metrics.json` and the logs of the run. The same files give the same words."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genui.training.card import table
from genui.training.modelcard import last, percent
from genui.training.tunes import models
from genui.training.tunes.data import CARD
from genui.training.tunes.evaluate import FILE
from genui.training.tunes.train import FOLDER

HEAD = {
    "transformer": """---
license: apache-2.0
library_name: transformers
---
# genui tunes, transformer

Writes dance tunes of Ireland, Scotland and Northern England, note by note. A small Llama in the
standard transformers layout: no custom code, safetensors only.

```python
from transformers import AutoModelForCausalLM

model = AutoModelForCausalLM.from_pretrained("path/of/this/folder")
```
""",
    "lstm": """---
license: apache-2.0
---
# genui tunes, LSTM

Writes dance tunes of Ireland, Scotland and Northern England, note by note. A recurrent network of
the same size and on the same tunes as the transformer beside it, to hear the difference:
`genui/networks/tune_lstm.py` reads `config.json` and `model.safetensors`.
""",
}
SPEECH = """
It speaks the tokens in `tokens.json`: kind, metre, tonic, mode, number of bars and pickup first,
then each bar with the number of bars left in its part, lengths in ticks (24 to a quarter note) and
pitches in semitones from the tonic. `genui/music/tokens.py` translates, `genui/music/grammar.py`
says which tokens may follow.
"""
LIMITS = """## What it is bad at

- It knows one melody at a time, in the style of four old books: reels, jigs, hornpipes, slip jigs,
  strathspeys, marches and airs. No chords, no harmony, no other music.
- There are few strathspeys and slip jigs in the data, and far more tunes in G and D than in other
  keys; the keys were balanced by transposing, the styles were not.
- Long tunes lose their thread: what the second part keeps of the first is less than in real ones
  (see the table).
- It may repeat stretches of tunes that it learned. The table says how long such runs are, and how
  long they are for real tunes that it never saw, since this music shares many phrases.
"""


def cell(found: Mapping[str, Any]) -> str:
    """A rate or a mean with its interval."""
    if "share" in found:
        return percent(found)
    tail = f", at most {found['most']}" if "most" in found else ""
    return f"{found['mean']:.2f} ({found['low']:.2f}–{found['high']:.2f}{tail})"


def card(name: str, found: Mapping[str, Any], out: Path) -> str:
    """The whole card as Markdown. found: what `evaluate` measured. out: the run with its logs."""
    tunes, bits = found["tunes"], found["bits a note"]
    rows = list(next(iter(tunes.values())))
    command = f"python -m genui.training tunes-all --scale {found['scale']}"
    log = out / name / "log.jsonl"
    seen = last(log) if log.exists() else {}
    trained = "".join(
        f"- {what}: {seen[key]}\n" for what, key in (
            ("tunes seen", "seen"), ("bits a token on validation tunes", "validation bits"))
        if key in seen
    )  # fmt: skip
    sampling = found["sampling"]
    return "\n".join(
        (
            HEAD[name] + SPEECH,
            f"## Training\n\n```\npip install -r requirements-train.txt\n{command}\n```\n",
            f"{found['parameters'][name] / 1e6:.2f} million parameters, stored in fp16. The tunes, "
            f"their sources and how they were split: {CARD}.\n",
            trained,
            f"## Bits a note\n\nOn {found['held-out tunes']} held-out tunes "
            f"({found['held-out notes']} notes), with 95 % bootstrap intervals over tunes. The "
            "n-grams are counted on the same training tunes, with modified Kneser-Ney "
            "smoothing.\n",
            table(("model", "bits a note"), [(who, cell(value)) for who, value in bits.items()]),
            f"## Tunes\n\n{sampling['tunes']} tunes, each asked for the kind, metre, key, bars and "
            f"pickup of a held-out one (temperature {sampling['temperature']}, top-p "
            f"{sampling['top_p']}), 95 % intervals. The checks know nothing of the models: key by "
            "Krumhansl and Schmuckler, kind by naive Bayes on rhythms, copies by runs of at least "
            "eight notes in any key.\n",
            table(("", *tunes), [(row, *(cell(t[row]) for t in tunes.values())) for row in rows]),
            LIMITS,
        )
    )


def main(arguments: list[str]) -> int:
    """Write README.md into each trained model's folder; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m genui.training tunes-card",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("runs/tunes"), help="the run's folder")
    chosen = parser.parse_args(arguments)
    for name in models.NAMES:
        folder = chosen.out / FOLDER.format(name)
        if (folder / FILE).exists():
            found = json.loads((folder / FILE).read_text("utf-8"))
            (folder / "README.md").write_text(card(name, found, chosen.out), "utf-8")
            print(f"The card is {folder / 'README.md'}.")
    return 0
