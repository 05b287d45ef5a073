"""Marks pictures that answer questions: rates per concept, attribute and composition, distances to
real art, variety, copies. Real drawings are marked by the same code, which says what is reachable.

Knows nothing of how pictures came to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genui.networks.judge import SIDE
from genui.training import pictures, questions, rulers
from genui.training.cutouts import Cutouts
from genui.training.judge import Trained, stranger, to_judge
from genui.training.metrics import (
    Bank,
    Nearest,
    Ruler,
    copies,
    fid,
    kid,
    nearest,
    neighbourhoods,
    rate,
    spread,
)
from genui.training.questions import Question
from genui.training.scenes import SIZE
from genui.training.sources import TONES

Pictures = NDArray[np.uint8]
HELD = ("held_pairs", "avatars")  # groups that are compared with held-out art
COPIED = ("seen", *HELD)  # groups that are searched for copies
NAMES = {"recolour": "colour", "pair": "side"}  # of what is marked, where not the layout's name
SPARE = 3  # compositions sampled for each one wanted: the ruler reads not all of them


def draw(file: Path, asked: Sequence[Question], reduce: int = 1) -> Pictures:
    """The real drawing of each question's scene."""
    return np.stack(list(pictures.drawings(file, [q.scene for q in asked], reduce)))


def obeyed(layout: str, shown: Pictures, asked: Sequence[Question], judge: Trained) -> list[bool]:
    """Whether each picture is composed as its question says. 'pair': each half holds its own thing
    among the judge's first five, and ranks it above the other one."""
    if layout == "background":
        return [
            rulers.background(p) == q.scene.background for p, q in zip(shown, asked, strict=True)
        ]
    if layout == "recolour":
        return [rulers.paint(p) == q.scene.paint for p, q in zip(shown, asked, strict=True)]
    if layout == "count":
        return [rulers.count(p) == q.scene.count for p, q in zip(shown, asked, strict=True)]
    parts = [rulers.halves(p, q.scene.side) for p, q in zip(shown, asked, strict=True)]
    keys = [[thing.key for thing in q.scene.subjects] for q in asked]
    right = [True] * len(asked)
    for half in (0, 1):
        seen = judge.look(np.stack([part[half] for part in parts]))
        own = judge.ranks(seen, "concept", [key[half] for key in keys])
        other = judge.ranks(seen, "concept", [key[1 - half] for key in keys])
        right = [
            r and mine <= 5 and mine < its for r, mine, its in zip(right, own, other, strict=True)
        ]
    return right


def _rates(shown: Pictures, asked: Sequence[Question], judge: Trained) -> dict[str, Any]:
    """Head → rate over the questions that say it; with "concept_top5"."""
    seen = judge.look(shown)
    found: dict[str, Any] = {}
    for head in judge.classes:
        rows = [i for i, q in enumerate(asked) if head in q.said]
        if not rows:
            continue
        places = judge.ranks(seen.of(rows), head, [asked[i].said[head] for i in rows])
        name = "concept_top1" if head == "concept" else "style" if head == "set" else head
        found[name] = rate(sum(place == 1 for place in places), len(rows))
        if head == "concept":
            found["concept_top5"] = rate(sum(place <= 5 for place in places), len(rows))
    return found


def _tones(shown: Pictures, asked: Sequence[Question], judge: Trained) -> dict[str, Any]:
    """Skin tone → how often an avatar asked for with it has it: none may be served worse."""
    rows = [i for i, q in enumerate(asked) if "skin" in q.said]
    wanted = [asked[i].said["skin"] for i in rows]
    if not rows:
        return {}
    places = judge.ranks(judge.look(shown[rows]), "skin", wanted)
    found = {tone: [p for p, w in zip(places, wanted, strict=True) if w == tone] for tone in TONES}
    return {tone: rate(of.count(1), len(of)) for tone, of in found.items() if of}


@dataclass(frozen=True)
class Space:
    """One feature space: who looks, the ruler, and the features of held-out reference art and of
    training art."""

    judge: Trained
    ruler: Ruler
    reference: torch.Tensor
    floor: torch.Tensor

    @classmethod
    def of(cls, judge: Trained, reference: Pictures, floor: Pictures) -> Space:
        """From reference drawings and training drawings."""
        held = judge.look(reference).features
        ruler = Ruler.of(held)
        return cls(judge, ruler, ruler(held), ruler(judge.look(floor).features))

    def features(self, shown: Pictures) -> torch.Tensor:
        """Measured features of pictures."""
        return self.ruler(self.judge.look(shown).features)

    def compare(self, made: torch.Tensor) -> dict[str, Any]:
        """Distance of features to the reference."""
        return {
            "kid": kid(self.reference, made),
            "fid": fid(self.reference, made),
            **neighbourhoods(self.reference, made),
        }


@dataclass(frozen=True)
class Exam:
    """All questions in groups, the real drawing of each, and what answers are compared with.
    `readable`: composed layout → share of real drawings that its ruler reads right; only those are
    asked."""

    groups: dict[str, list[Question]]
    real: dict[str, Pictures]
    readable: dict[str, dict[str, float]]
    judge: Trained
    spaces: dict[str, Space]
    train: Bank
    held: Bank
    calm: Nearest

    def mark(self, answers: Mapping[str, Pictures]) -> dict[str, Any]:
        """All numbers for one model's pictures, group by group as the exam asks them."""
        found: dict[str, Any] = {
            name: _rates(answers[name], self.groups[name], self.judge) for name in ("seen", *HELD)
        }
        found["skin_tones"] = _tones(answers["avatars"], self.groups["avatars"], self.judge)
        found["composition"] = {
            NAMES.get(layout, layout): self._composed(layout, answers[layout])
            for layout in self.readable
            if layout in self.groups
        }
        made = np.concatenate([answers[name] for name in HELD])
        found["distance"] = {
            name: space.compare(space.features(made)) for name, space in self.spaces.items()
        }
        repeated = self.spaces["judge"].features(answers["repeats"])
        found["diversity"] = spread(torch.split(repeated, questions.PICTURES))
        found["copies"] = {name: copies(self.nearest(answers[name]), self.calm) for name in COPIED}
        return found

    def _composed(self, layout: str, shown: Pictures) -> dict[str, Any]:
        asked = self.groups[layout]
        right = obeyed(layout, shown, asked, self.judge)
        found: dict[str, Any] = {"right": rate(sum(right), len(right))}
        if asked and "concept" in asked[0].said:
            seen = self.judge.look(shown)
            places = self.judge.ranks(seen, "concept", [q.said["concept"] for q in asked])
            both = sum(r and place <= 5 for r, place in zip(right, places, strict=True))
            found["with_concept_top5"] = rate(both, len(right))
        return found

    def floor(self) -> dict[str, Any]:
        """Training art against held-out art: the distance that no model needs to beat."""
        return {name: space.compare(space.floor) for name, space in self.spaces.items()}

    def nearest(self, shown: Pictures) -> Nearest:
        """The nearest training picture of each."""
        features = self.spaces["judge"].features(shown)
        return nearest(features, to_judge(shown), self.train, self.held)


def _bank(file: Path, cutouts: Cutouts, splits: Sequence[str], space: Space) -> Bank:
    scenes = questions.portraits(cutouts, splits)
    shown = np.stack(list(pictures.drawings(file, scenes, SIZE // SIDE)))
    ids = [scene.placed[0].id for scene in scenes]
    return Bank(space.features(shown), to_judge(shown), ids)


def prepare(file: Path, cutouts: Cutouts, judge: Trained, n: int) -> Exam:
    """Ask `n` questions a group (half as many of each composition), draw the real answers, and
    keep of the compositions those that the rulers read right."""
    groups = {
        "seen": questions.emoji(cutouts, "train", n, 11),
        "held_pairs": questions.emoji(cutouts, "pair", n, 12),
        "avatars": questions.avatars(cutouts, "combination", n, 13),
    }
    real = {name: draw(file, asked) for name, asked in groups.items()}
    readable = {}
    half = max(1, n // 2)
    for layout, asked in questions.compositions(cutouts, half * SPARE, 14).items():
        shown = draw(file, asked)
        right = obeyed(layout, shown, asked, judge)
        readable[layout] = rate(sum(right), len(right))
        kept = [i for i, good in enumerate(right) if good][:half]
        if kept:
            groups[layout], real[layout] = [asked[i] for i in kept], shown[kept]
    several = questions.repeats(cutouts, 15, max(2, min(questions.PROMPTS, n // 4)))
    groups["repeats"] = [question for same in several for question in same]
    real["repeats"] = draw(file, groups["repeats"])

    def art(split: str, avatars: str, seed: int) -> Pictures:
        asked = questions.emoji(cutouts, split, n, seed)
        return draw(file, asked + questions.avatars(cutouts, avatars, n, seed))

    reference, floor = art("pair", "combination", 16), art("train", "train", 17)
    device = next(judge.network.parameters()).device
    spaces = {
        "judge": Space.of(judge, reference, floor),
        "random": Space.of(stranger(device), reference, floor),
    }
    train = _bank(file, cutouts, ("train",), spaces["judge"])
    held = _bank(file, cutouts, ("pair", "concept", "combination"), spaces["judge"])
    own = [q.scene.placed[0].id for name in HELD for q in groups[name]]
    shown = np.concatenate([real[name] for name in HELD])
    calm = nearest(spaces["judge"].features(shown), to_judge(shown), train, held, own)
    return Exam(groups, real, readable, judge, spaces, train, held, calm)
