"""A checkpoint goes by mail as it is: the saved mail is an anchor."""

import pytest

from mailfilter.outbox.checkpoint_mail import CheckpointMail
from mailfilter.outbox.notices import Post
from mailfilter.record.contract import Parcel
from mailfilter.record.ledgers.audit_key import AuditKey
from mailfilter.record.ledgers.checkpoint import Checkpoint, found, likely, written
from tests.act.office import NOW, Clock, Mailbox, settings

KEY = AuditKey(b"k" * 32)
MADE = Checkpoint(1234, "ab" * 32, NOW.replace(microsecond=0), "cd" * 8)
LINE = written(KEY, MADE)


async def mailed(language, *who):
    box = Mailbox()
    given = settings(
        audit={"mail": who}, organisation={"language": language, "domains": ["k.example"]}
    )
    handler = CheckpointMail(given, Post(given, box), Clock())
    await handler.send(Parcel(7, "checkpoint", "", "", 0, NOW, None, LINE))
    return box.mails


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_the_saved_mail_is_an_anchor(language):
    ((mail, rcpts, data, _),) = await mailed(language, "revisor@kommun.example", "b@k.example")
    assert (mail.raw, len(rcpts)) == (b"<>", 2)
    text = data.decode()
    assert LINE in text.splitlines()
    assert found(KEY, likely(text.splitlines())) == ([MADE], 0)
    assert "Message-ID: <checkpoint.7.audit@k.example>" in text


async def test_nobody_is_written_to_whom_nobody_named():
    assert await mailed("sv") == []
