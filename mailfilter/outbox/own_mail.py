"""Letters to one of our own about herself: the link to her rows, the answer to a checked draft.

From → to: parcels ``own-mail`` and ``check-answer`` → a mail to the sender of the parcel's dossier,
and to nobody outside: `addressee` says whether she may be told, ``check_mailbox.refusal`` whether
she may ask.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage

from mailfilter.config import Settings
from mailfilter.errors import Permanent
from mailfilter.letters.check_answer import Said, said
from mailfilter.letters.notice import addressee, answered, first_language
from mailfilter.letters.notice_words import Block, Piece, PieceKind, Stamp, Words, in_order, letter
from mailfilter.outbox.notices import Post
from mailfilter.record.contract import Archive, Dossier, Parcel

GOOD = timedelta(minutes=15)  # a link to one's rows
ENTERS = {"": "enter", "check": "enter-check"}  # where she goes on → what her ticket is made for


@dataclass(frozen=True, slots=True)
class OwnMail:
    """The handler of ``own-mail`` and ``check-answer``."""

    archive: Archive
    settings: Settings
    post: Post
    now: Callable[[], datetime]

    async def send(self, parcel: Parcel) -> None:
        """Send it; a link is made anew at each try."""
        dossier = parcel.dossier
        if dossier is None:
            raise Permanent("sealed: the letter cannot be opened any more")
        who = self._addressee(parcel.kind, dossier)
        if who is None:
            return
        stamp = self.post.stamp(parcel, [who], self.now())
        if parcel.kind == "check-answer":
            stamp = replace(stamp, answers=answered(dossier))
        await self.post.send(self._letter(parcel, dossier, who, stamp), [who])

    def _addressee(self, kind: str, dossier: Dossier) -> str | None:
        """Who asked for a check was one of ours when she did, and is answered in any case."""
        return dossier.sender if kind == "check-answer" else addressee(dossier, self.settings)

    async def give_up(self, parcel: Parcel, why: str) -> None:
        """The outbox has said so in the audit log."""

    def _letter(self, parcel: Parcel, dossier: Dossier, who: str, stamp: Stamp) -> EmailMessage:
        link, kind, to = "", parcel.kind, parcel.note
        if kind == "own-mail":
            what = ENTERS.get(to, ENTERS[""])
            word = self.archive.sender.tickets.make(what, who.lower(), self.now() + GOOD)
            link = f"{self.settings.front.url}/mina/in/{word}"
        first = first_language(dossier.language, self.settings)
        order = in_order(first, self.settings.notice.languages)
        return letter([self._block(kind, dossier, link, words) for words in order], stamp)

    def _block(self, kind: str, dossier: Dossier, link: str, words: Words) -> Block:
        if kind == "own-mail":
            title = words.say("own/subject-link")
            middle = [Piece(PieceKind.PARAGRAPH, words.say("own/lead-link"))]
        else:
            answer = said(dossier, self.settings, words)
            title, middle = answer.title, _answer(answer, words)
        organisation = self.settings.organisation.name
        pieces = [
            *([Piece(PieceKind.BUTTON, words.say("own/button"), link)] if link else []),
            Piece(PieceKind.PARAGRAPH, words.say("hello")),
            *middle,
            Piece(PieceKind.SMALL, words.say("own/footer", organisation=organisation)),
        ]
        return Block(
            language=words.language,
            language_name=words.say("language"),
            title=title,
            hello="",
            paragraphs=(),
            sections=(),
            footer="",
            pieces=tuple(pieces),
        )


def _answer(answer: Said, words: Words) -> list[Piece]:
    return [
        Piece(PieceKind.PARAGRAPH, answer.lead),
        *_list(words.say("check/heading"), answer.ways),
        *_list(words.say("heading/found"), answer.found),
        *_list(words.say("heading/unread"), answer.unread),
        *_list(words.say("heading/todo"), answer.todo),
        Piece(PieceKind.PARAGRAPH, words.say("check/dropped")),
    ]


def _list(heading: str, lines: Sequence[str]) -> list[Piece]:
    if not lines:
        return []
    return [
        Piece(PieceKind.HEADING, heading),
        *(Piece(PieceKind.LINE, line) for line in lines),
    ]
