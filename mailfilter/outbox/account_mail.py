"""Letters about accounts of the reviewers' pages.

From → to: parcel ``login-link`` → a mail with a one-time link to the owner of the account and to
nobody else, which says who asked for it; ``emergency`` → a mail to all reviewers that somebody
printed a link or set a password for an account by the command line. The parcel's note is JSON:
account, who asked, and of an emergency what was done.

The link is made when its mail is: nothing that opens an account lies in the outbox.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage

from mailfilter.config import Settings
from mailfilter.errors import Permanent
from mailfilter.letters.notice_words import Block, Piece, PieceKind, Stamp, Words, in_order, letter
from mailfilter.outbox.notices import Post
from mailfilter.record.contract import Archive, Parcel, User

LINK, EMERGENCY = "login-link", "emergency"


@dataclass(frozen=True, slots=True)
class AccountMail:
    """The handler of both kinds."""

    archive: Archive
    settings: Settings
    post: Post
    now: Callable[[], datetime]

    async def send(self, parcel: Parcel) -> None:
        """Send it; a link is made anew at each try."""
        name, actor, *what = json.loads(parcel.note)
        users = await self.archive.users()
        said = {"account": name, "actor": actor}
        if parcel.kind == LINK:
            owner = next((user for user in users if user.name == name and not user.disabled), None)
            if owner is None or not owner.address:
                raise Permanent("the account has no owner with an address any more")
            await self._link(parcel, owner, said)
        elif recipients := self._reviewers(users):
            stamp = self._stamp(parcel, recipients)
            title = f"emergency-{what[0]}"
            language = self.settings.organisation.language
            await self.post.send(self._letter(title, language, said, stamp), recipients)

    async def give_up(self, parcel: Parcel, why: str) -> None:
        """The outbox has said so in the audit log."""

    async def _link(self, parcel: Parcel, owner: User, said: dict[str, str]) -> None:
        now, web = self.now(), self.settings.web
        secret = await self.archive.new_login_link(owner.name, now, mailed=True)
        root = web.url.rstrip("/") or f"http://{web.host}:{web.port}"
        stamp = self._stamp(parcel, [owner.address])
        made = self._letter("link", owner.language, said, stamp, f"{root}/login/{secret}")
        await self.post.send(made, [owner.address])

    def _reviewers(self, users: Sequence[User]) -> list[str]:
        """Everybody who reads held mail, as far as we know where she gets mail."""
        own = (
            user.address
            for user in users
            if user.role == "reviewer" and user.address and not user.disabled
        )
        return list(dict.fromkeys([*self.settings.notice.reviewers, *own]))

    def _stamp(self, parcel: Parcel, recipients: Sequence[str]) -> Stamp:
        stamp = self.post.stamp(replace(parcel, note=""), recipients, self.now())
        return replace(stamp, automatic="auto-generated")

    def _letter(
        self, what: str, language: str, said: dict[str, str], stamp: Stamp, link: str = ""
    ) -> EmailMessage:
        blocks = [self._block(what, words, said, link) for words in in_order(language)]
        return letter(blocks, stamp)

    def _block(self, what: str, words: Words, said: dict[str, str], link: str) -> Block:
        organisation = self.settings.organisation.name
        pieces = (
            *([Piece(PieceKind.BUTTON, words.say("own/button"), link)] if link else []),
            Piece(PieceKind.PARAGRAPH, words.say("hello")),
            Piece(PieceKind.PARAGRAPH, words.say(f"account/lead-{what}", **said)),
            Piece(PieceKind.SMALL, words.say("own/footer", organisation=organisation)),
        )
        return Block(
            language=words.language,
            language_name=words.say("language"),
            title=words.say(f"account/subject-{what}", **said),
            hello="",
            paragraphs=(),
            sections=(),
            footer="",
            pieces=pieces,
        )
