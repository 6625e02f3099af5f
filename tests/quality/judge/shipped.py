"""The shipped file as weights to go on from.

From → to: ``judge.onnx`` (8 bits) → the state of an `Encoder`. The weights are those in use, as they
are rounded there: what is trained further begins at what the gateway does today, and the
states of earlier trainings need not be kept.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from encoder import Shape, load
from onnx import numpy_helper
from torch import Tensor

ORDER = ("qkv", "out", "up")  # of the products of a layer in 8 bits with a scale a column
MIDDLE = 128  # what stands for zero in the blocks of the second matrix


def state(file: Path, source: Path) -> dict[str, Tensor]:
    """The weights of a shipped file; places beyond its longest question come from `source`."""
    graph = onnx.load(file).graph
    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = {
        name.removeprefix("model."): torch.from_numpy(value.copy())
        for name, value in held.items()
        if name.startswith("model.") and value.dtype == np.float32 and "Transposed" not in name
    }
    found["word.weight"] = torch.from_numpy(held["vectors"].astype(np.float32) * held["scale"])
    _, begun, _ = load(source)
    places = begun["pos.weight"]
    places[: held["pos"].shape[0]] = torch.from_numpy(held["pos"].copy())
    found["pos.weight"] = places
    products = [node for node in graph.node if node.op_type in ("MatMulInteger", "MatMulNBits")]
    *layers, head = products
    for at, node in enumerate(layers):
        layer, part = divmod(at, len(ORDER) + 1)
        name = ORDER[part] if part < len(ORDER) else "down"
        matrix = _blocks if name == "down" else _columns
        found[f"layers.{layer}.{name}.weight"] = matrix(held, node.input[1])
    found["head.weight"] = _columns(held, head.input[1])
    return found


def shape(file: Path, source: Path) -> Shape:
    """Sizes of the shipped encoder."""
    first, _, _ = load(source)
    words = next(t.dims[0] for t in onnx.load(file).graph.initializer if t.name == "vectors")
    sizes = (first.width, first.layers, first.heads, first.inner, words, first.longest, first.eps)
    return Shape(*sizes)


def _columns(held: dict[str, np.ndarray], name: str) -> Tensor:
    """A matrix with one scale a column, as torch has it (rows and columns exchanged)."""
    base = name.removesuffix("_quantized")
    values = held[name].astype(np.float32) - held[f"{base}_zero_point"].astype(np.float32)
    return torch.from_numpy((values * held[f"{base}_scale"]).T.copy())


def _blocks(held: dict[str, np.ndarray], name: str) -> Tensor:
    """A matrix with a scale for each block of a row."""
    values = held[name].astype(np.float32) - MIDDLE
    scales = held[name.removesuffix("_Q8") + "_scales"]
    scales = scales.reshape(values.shape[0], values.shape[1], 1)
    return torch.from_numpy((values * scales).reshape(values.shape[0], -1).copy())
