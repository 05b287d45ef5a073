"""The text encoder of the image model: all-MiniLM-L6-v2, frozen, with a smaller vocabulary.

A sentence encoder knows that a kitty is a cat (Reimers and Gurevych 2019, 1908.10084). Word pieces
of other scripts and rare ones are left out, which halves the file; every English word can still be
spelled from smaller pieces. Knows nothing of pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import BertConfig, BertModel, BertTokenizer

from genui.training.scales import TOKENS

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
FREQUENT = 15_000  # BERT's vocabulary is roughly ordered by frequency: keep pieces before this one


def kept_pieces(vocabulary: dict[str, int], words: Iterable[str]) -> list[str]:
    """The word pieces to keep, in their old order: special ones, printable ASCII, pieces of Latin
    letters and digits that are frequent, short or among `words`."""
    wanted = {word.lower().strip(".,") for word in words}

    def keep(piece: str) -> bool:
        if piece in SPECIAL or piece in wanted or re.fullmatch(r"(##)?[!-~]", piece):
            return True
        latin = re.fullmatch(r"(##)?[a-z0-9]+", piece)
        return bool(latin) and (vocabulary[piece] < FREQUENT or len(piece) <= 4)

    return [piece for piece in sorted(vocabulary, key=vocabulary.__getitem__) if keep(piece)]


def shrink(source: Path, words: Iterable[str]) -> tuple[BertTokenizer, BertModel]:
    """Read all-MiniLM-L6-v2 from the folder `source` and leave out what is not kept."""
    table = json.loads((source / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    pieces = kept_pieces(table, words)
    old = torch.tensor([table[piece] for piece in pieces])
    weights = load_file(source / "model.safetensors")
    names = "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight"
    weights[names[0]] = weights[names[0]][old]
    weights[names[1]] = weights[names[1]][: 2 * TOKENS]
    weights = {k: v for k, v in weights.items() if not k.startswith("pooler") and "_ids" not in k}
    config = json.loads((source / "config.json").read_text())
    sizes = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    model = BertModel(
        BertConfig(
            vocab_size=len(pieces),
            max_position_embeddings=2 * TOKENS,
            **{name: config[name] for name in sizes},
        )
    )
    # pipelines build the encoder with its pooler, which nothing asks: zeros, so that none is missed
    wide = config["hidden_size"]
    weights |= {"pooler.dense.weight": torch.zeros(wide, wide)}
    weights |= {"pooler.dense.bias": torch.zeros(wide)}
    model.config.use_attention_mask = True  # the pipeline passes the mask only when this says so
    model.load_state_dict(weights)
    model.eval()  # type: ignore[no-untyped-call]
    tokenizer = BertTokenizer(
        vocab={piece: i for i, piece in enumerate(pieces)}, model_max_length=TOKENS
    )
    return tokenizer, model


def read(folder: Path) -> tuple[BertTokenizer, BertModel]:
    """The tokenizer and the encoder, in fp32, that a run or a pipeline folder holds."""
    model = BertModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
    return BertTokenizer.from_pretrained(folder / "tokenizer"), model


@torch.no_grad()
def encode(
    tokenizer: BertTokenizer, model: BertModel, captions: Sequence[str], batch: int = 256
) -> Tensor:
    """Captions as (N, 32, 384) fp16: the last hidden states, padded as the pipeline pads them."""
    parts = []
    for start in range(0, len(captions), batch):
        found = tokenizer(
            list(captions[start : start + batch]), padding="max_length", truncation=True,
            max_length=TOKENS, return_tensors="pt",
        ).to(model.device)  # fmt: skip
        hidden = model(found.input_ids, attention_mask=found.attention_mask).last_hidden_state
        parts.append(hidden.half().cpu())
    return torch.cat(parts)
