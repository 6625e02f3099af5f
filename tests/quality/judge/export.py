"""The trained encoder as a file for the detector: ONNX, 8 bits, the cut vocabulary.

From → to: the state of one or several trainings (their weights are averaged: they began at the same
place) → ``detectors/health_data/judge.onnx`` and ``words.model``, and how far the answers of the
8 bits are from those of float32.

The words' vectors have a scale each. Most matrices are 7 bits of 8 (`reduce_range`), so that
processors without VNNI, which add pairs of products in 16 bits, cannot overflow. What goes into the
second matrix of each layer has outliers that one scale for all of it does not survive (log odds of
hits fell by .6), so that matrix has 8 bits with a scale for each `BLOCK` weights and inputs.
"""

import hashlib
import json
import shutil
from pathlib import Path

import onnx
import onnxruntime
import torch
import train
import vocabulary
from encoder import Encoder, Shape, load
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import (
    DefaultWeightOnlyQuantConfig,
    MatMulNBitsQuantizer,
)
from torch import Tensor, nn

ROOT = Path(__file__).parents[3]
DATA = ROOT / "detectors" / "health_data"
FILE, WORDS = DATA / "judge.onnx", DATA / "words.model"
OPSET = 17
BLOCK = 64


class Shipped(nn.Module):
    """The encoder for one text, its words' vectors in 8 bits."""

    def __init__(self, model: Encoder) -> None:
        super().__init__()
        self.model = model
        weight = model.word.weight.detach()
        scale = weight.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
        self.register_buffer("vectors", (weight / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)
        self.register_buffer("pos", model.pos.weight.detach()[: train.LONGEST].clone())

    def forward(self, ids: Tensor) -> Tensor:
        """ids (1, length) → log odds (1)."""
        x = self.vectors[ids].float() * self.scale[ids] + self.pos[: ids.shape[1]] + self.model.kind
        x = self.model.norm(x)
        mask = torch.ones_like(ids, dtype=torch.bool)[:, None, None, :]
        for layer in self.model.layers:
            x = layer(x, mask)
        return self.model.head(x.mean(1)).squeeze(-1)


def averaged(files: list[Path]) -> dict[str, Tensor]:
    """The mean of the weights of several runs."""
    states = [torch.load(file, weights_only=True) for file in files]
    return {name: sum(state[name] for state in states) / len(states) for name in states[0]}


def encoder(state: dict[str, Tensor]) -> Encoder:
    """An encoder with these weights."""
    shape, _, _ = load(train.source())
    words = state["word.weight"].shape[0]
    sizes = (shape.width, shape.layers, shape.heads, shape.inner, words, shape.longest, shape.eps)
    model = Encoder(Shape(*sizes))
    model.load_state_dict(state)
    return model.eval()


def ship(files: list[Path]) -> None:
    """Write the two files, and print how they compare with float32 on the questions."""
    model = encoder(averaged(files))
    shipped = Shipped(model).eval()
    exact = train.WORK / "judge-float.onnx"
    example = torch.tensor([[vocabulary.BEGIN, 5, 6, 7, vocabulary.END]])
    names = {"input_names": ["ids"], "output_names": ["odds"]}
    axes = {"ids": {1: "length"}}
    torch.onnx.export(
        shipped,
        (example,),
        str(exact),
        dynamic_axes=axes,
        opset_version=OPSET,
        dynamo=False,
        **names,
    )
    part = train.WORK / "judge-part.onnx"
    quantize_dynamic(
        str(exact),
        str(part),
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=_second_matrices(onnx.load(exact)),
    )
    config = DefaultWeightOnlyQuantConfig(BLOCK, is_symmetric=True, accuracy_level=4, bits=8)
    rest = MatMulNBitsQuantizer(onnx.load(part), algo_config=config)
    rest.process()
    rest.model.save_model_to_file(str(FILE), False)
    shutil.copy(train.WORK / "words.model", WORDS)
    print(f"{FILE.name}: {FILE.stat().st_size / 1e6:.1f} MB, {WORDS.stat().st_size / 1e6:.1f} MB")
    sums = [(file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in (FILE, WORDS)]
    (DATA / "judge.sha256").write_text("".join(f"{digest}  {name}\n" for name, digest in sums))
    print(compared(exact))


def _second_matrices(model: onnx.ModelProto) -> list[str]:
    """The names of the products that take the inner width back to the outer one."""
    sizes = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    found = []
    for node in model.graph.node:
        size = sizes.get(node.input[1], []) if node.op_type == "MatMul" else []
        if len(size) == 2 and size[0] > size[1]:
            found.append(node.name)
    return found


def compared(exact: Path) -> str:
    """How far the probabilities of the shipped file are from those of float32."""
    tokens = train.Tokens(WORDS)
    both = [onnxruntime.InferenceSession(str(path)) for path in (exact, FILE)]
    mails = json.loads((train.WORK / "questions.json").read_text("utf-8"))
    texts = [each["text"] for mail in mails for each in mail["questions"]][::5]
    gaps = []
    for text in texts:
        ids = [list(tokens(text))]
        one, two = (torch.tensor(session.run(None, {"ids": ids})[0]).sigmoid() for session in both)
        gaps.append(abs(float(one[0] - two[0])))
    gaps.sort()
    middle, high = gaps[len(gaps) // 2], gaps[int(len(gaps) * 0.99)]
    return f"{len(gaps)} questions: median {middle:.4f}, 99 % {high:.4f}, largest {gaps[-1]:.4f}"
