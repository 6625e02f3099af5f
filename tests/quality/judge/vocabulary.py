"""The vocabulary cut to the Nordic languages and English, as a SentencePiece model.

From → to: the pieces of the pretrained encoder and texts of those languages → the pieces that are
kept (their old ids, in the new order) and the file that the detector reads.

Kept are the special pieces, every single letter and sign, what our own mails use, and of the rest
what the commonest words of `LANGUAGES` use most, up to `SIZE`. A word whose piece is gone is
spelled with shorter ones.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from encoder import Vocabulary
from sentencepiece import SentencePieceProcessor
from sentencepiece import sentencepiece_model_pb2 as pb

SIZE = 36_000
LANGUAGES = {"sv": 60_000, "en": 25_000, "nb": 20_000, "da": 20_000, "fi": 25_000}
BEGIN, PAD, END, UNKNOWN = range(4)
OWN = 50  # a piece of our own mails counts as one of so common a word
SINGLE = 0x2200  # of single signs those below are kept: Latin, Greek, Cyrillic, marks


def written(pieces: Iterable[str], scores: Iterable[float]) -> bytes:
    """A SentencePiece model; ids are those of the order given."""
    model = pb.ModelProto()
    for n, (piece, score) in enumerate(zip(pieces, scores, strict=True)):
        kind = pb.ModelProto.SentencePiece.NORMAL
        if n in (BEGIN, PAD, END):
            kind = pb.ModelProto.SentencePiece.CONTROL
        elif n == UNKNOWN:
            kind = pb.ModelProto.SentencePiece.UNKNOWN
        model.pieces.add(piece=piece, score=score, type=kind)
    model.trainer_spec.model_type = pb.TrainerSpec.UNIGRAM
    model.trainer_spec.bos_id, model.trainer_spec.pad_id = BEGIN, PAD
    model.trainer_spec.eos_id, model.trainer_spec.unk_id = END, UNKNOWN
    model.trainer_spec.vocab_size = len(model.pieces)
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = True
    return bytes(model.SerializeToString())


def cut(full: Vocabulary, own: Iterable[str]) -> list[int]:
    """The ids that are kept, rising; `own` are texts like those that will be read."""
    from wordfreq import top_n_list

    processor = SentencePieceProcessor()
    processor.LoadFromSerializedProto(written(full.pieces, full.scores))
    counts: Counter[int] = Counter()
    for language, most in LANGUAGES.items():
        words = top_n_list(language, most)
        for rank, word in enumerate(words):
            for form in (word, word.capitalize()):
                for id in processor.EncodeAsIds(form):
                    counts[id] += most / (rank + 200)
    for text in own:
        for id in processor.EncodeAsIds(text):
            counts[id] += OWN
    single = {
        n
        for n, piece in enumerate(full.pieces)
        if len(piece.replace("▁", "")) <= 1 and all(ord(c) < SINGLE for c in piece)
    }
    kept = {BEGIN, PAD, END, UNKNOWN, *single}
    for id, _ in counts.most_common():
        if len(kept) >= SIZE:
            break
        kept.add(id)
    return sorted(kept)


def write(full: Vocabulary, kept: list[int], path: Path) -> None:
    """The file that `detectors.health.judge` reads."""
    pieces = [full.pieces[n] for n in kept]
    path.write_bytes(written(pieces, [full.scores[n] for n in kept]))
