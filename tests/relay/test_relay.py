"""The way out: transaction semantics, lost connections, odd answers."""

import asyncio

import pytest

from mailfilter import replies
from mailfilter.errors import Temporary
from mailfilter.model import Path
from mailfilter.next_hop.relay import Relay, deliver_once
from mailfilter.next_hop.transaction import PIECE, SHORT, Hop
from tests.scripted_hop import DROP, GOOD, PLAIN_EHLO, ScriptedHop

MAIL = Path(b"<a@example.se> RET=HDRS", b"a@example.se", b"RET=HDRS")
B, C, D = (
    Path(b"<%b@example.net>" % name, b"%b@example.net" % name) for name in (b"b", b"c", b"d")
)
WIRE = b"Subject: x\r\n\r\nhello\r\n..dot\r\n"


class Out:
    """A relay to a scripted hop."""

    def __init__(self, script=None, limit=2**26, **settings) -> None:
        self.hop = ScriptedHop(script, limit=limit)
        self._settings = settings

    async def __aenter__(self):
        await self.hop.__aenter__()
        kept = {
            name: self._settings.pop(name) for name in ("idle", "kept") if name in self._settings
        }
        self.relay = Relay(Hop("127.0.0.1", self.hop.port, **self._settings), **kept)
        return self

    async def __aexit__(self, *_):
        await self.relay.close()
        await self.hop.stop()

    async def begin(self, *rcpts, xforward=()):
        transaction = self.relay.transaction(MAIL, xforward)
        return transaction, [await transaction.rcpt(rcpt) for rcpt in rcpts]


async def test_a_message_arrives_as_it_was_given():
    async with Out() as out:
        transaction, answers = await out.begin(B, C)
        assert [answer.code for answer in answers] == [250, 250]
        assert "DATA" not in out.hop.verbs()
        assert (await transaction.send(WIRE)).text == "2.0.0 Ok: queued as SCRIPTED"
        mail = out.hop.mails[0]
        assert (mail.mail, mail.rcpts, mail.wire) == (MAIL.raw, [B.raw, C.raw], WIRE)
        await transaction.abort()
        assert out.hop.verbs() == ["EHLO", "MAIL", "RCPT", "RCPT", "DATA"]


async def test_a_large_message_arrives_as_it_was_given():
    wire = bytes(range(14, 256)) * 20_000 + b"\r\n"
    async with Out() as out:
        transaction, _ = await out.begin(B)
        assert (await transaction.send(wire)).code == 250
        assert out.hop.mails[0].wire == wire


@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("more", [-1, 0, 1, SHORT - 1, SHORT, SHORT + 1])
async def test_a_message_of_any_number_of_pieces_arrives_whole(pieces, more):
    size = pieces * PIECE + more
    wire = (bytes(range(14, 256)) * (size // 242 + 1))[: size - 2] + b"\r\n"
    async with Out() as out:
        transaction, _ = await out.begin(B)
        assert (await transaction.send(wire)).code == 250
        assert out.hop.mails[0].wire == wire


async def test_connections_are_used_again():
    async with Out() as out:
        for _ in range(3):
            transaction, _ = await out.begin(B)
            assert (await transaction.send(WIRE)).code == 250
        assert (out.hop.connections, len(out.hop.mails)) == (1, 3)


async def test_an_aborted_transaction_is_reset_and_its_connection_kept():
    async with Out() as out:
        transaction, _ = await out.begin(B)
        await transaction.abort()
        transaction, _ = await out.begin(C)
        assert (await transaction.send(WIRE)).code == 250
        assert out.hop.verbs() == ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA"]
        assert out.hop.mails[0].rcpts == [C.raw]


async def test_only_some_recipients():
    async with Out() as out:
        transaction, _ = await out.begin(B, C, D, xforward=[b"NAME=x"])
        assert (await transaction.send(WIRE, [0, 2])).code == 250
        assert [mail.rcpts for mail in out.hop.mails] == [[B.raw, D.raw]]
        assert out.hop.mails[0].xforward == [b"NAME=x"]
        verbs = out.hop.verbs()
        assert verbs[verbs.index("RSET") :] == ["RSET", "XFORWARD", "MAIL", "RCPT", "RCPT", "DATA"]


@pytest.mark.parametrize("ehlo", ["", PLAIN_EHLO], ids=["pipelining", "in turn"])
@pytest.mark.parametrize("second", ["450 4.2.1 later", "550 5.1.1 no", "354 what"])
async def test_a_changed_mind_aborts_all(ehlo, second):
    script = {"RCPT": ["250 ok", "250 ok", "250 ok", second]}
    async with Out(script | ({"EHLO": [ehlo]} if ehlo else {})) as out:
        transaction, _ = await out.begin(B, C, D)
        assert await transaction.send(WIRE, [1, 2]) is replies.HOP_CHANGED
        assert not out.hop.mails
        assert "DATA" not in out.hop.verbs()


async def test_a_changed_mind_about_the_sender_aborts_all():
    async with Out({"MAIL": ["250 ok", "550 5.1.8 no"]}) as out:
        transaction, _ = await out.begin(B, C)
        assert await transaction.send(WIRE, [1]) is replies.HOP_CHANGED
        assert not out.hop.mails


async def test_mail_and_first_rcpt_leave_in_one_write_where_pipelining_is_offered():
    gate = asyncio.Event()
    async with Out({"MAIL": [(gate, "250 ok")]}) as out:
        transaction = out.relay.transaction(MAIL)
        task = asyncio.create_task(transaction.rcpt(B))
        gate.set()
        assert (await task).code == 250
    async with Out({"EHLO": [PLAIN_EHLO], "MAIL": ["550 5.1.8 no"]}) as out:
        _, answers = await out.begin(B)
        assert answers[0].text == "5.1.8 no"
        assert out.hop.verbs() == ["EHLO", "MAIL"]  # in turn: no RCPT after a refused MAIL


async def test_a_refused_mail_is_the_answer_to_each_rcpt():
    async with Out(
        {
            "MAIL": ["550 5.1.8 no", "550 5.1.8 no", "250 ok"],
            "RCPT": ["503 5.5.1 x", "503 5.5.1 x", "250 ok"],
        }
    ) as out:
        transaction, answers = await out.begin(B, C, D)
        assert [answer.code for answer in answers] == [550, 550, 250]
        assert (await transaction.send(WIRE)).code == 250
        assert out.hop.mails[0].rcpts == [D.raw]


async def test_refused_recipients_do_not_stop_the_others():
    async with Out({"RCPT": ["550 5.1.1 no", "250 ok", "450 4.2.1 later", "250 ok"]}) as out:
        transaction, answers = await out.begin(B, C, B, D)
        assert [answer.code for answer in answers] == [550, 250, 450, 250]
        assert (await transaction.send(WIRE)).code == 250
        assert out.hop.mails[0].rcpts == [C.raw, D.raw]


async def test_the_next_hops_words_pass_through():
    text = "550-5.7.1 one\n550 5.7.1 two å\x01"
    async with Out({"RCPT": [text]}) as out:
        _, answers = await out.begin(B)
        assert answers[0].text == "5.7.1 one\n5.7.1 two ???"
        assert answers[0].line() == b"550-5.7.1 one\r\n550 5.7.1 two ???\r\n"


@pytest.mark.parametrize(
    ("verb", "answer", "expected"),
    [
        ("RCPT", "421 4.3.2 bye", 451), ("RCPT", "500 what", 451), ("RCPT", "503 order", 451),
        ("RCPT", "530 tls first", 451), ("RCPT", "354 go", 451), ("RCPT", "251 forwarded", 251),
        ("DATA", "450 4.2.0 later", 450), ("DATA", "554 5.5.1 none", 554), ("DATA", "250 ok", 451),
        ("DATA", "503 order", 451), (".", "451 4.3.0 later", 451), (".", "554 5.7.1 no", 554),
        (".", "421 4.3.2 bye", 451), (".", "354 more", 451), (".", "502 what", 451),
        ("XFORWARD", "550 5.7.0 no", 451), ("BANNER", "554 no", 451), ("BANNER", "421 busy", 451),
        ("EHLO", "421 busy", 451), ("EHLO", "450 what", 451),
    ],
)  # fmt: skip
async def test_answers(verb, answer, expected):
    async with Out({verb: [answer]}) as out:
        transaction, answers = await out.begin(B, xforward=[b"NAME=x"])
        if answers[0].code == 250:
            answers.append(await transaction.send(WIRE))
        await transaction.abort()
        assert answers[-1].code == expected
        assert not out.hop.mails


GARBAGE = {
    "no reply": b"hello\r\n",
    "half a reply": (b"25", DROP),
    "reply without end": b"250-a\r\n" * 300,
    "endless line": b"250 " + b"x" * 5000,
    "codes that change": b"250-a\r\n550 b\r\n",
    "line feed only": b"250 ok\n250 ok\r\n",
    "nul": b"25\x000 ok\r\n",
    "no digit": b"2x0 ok\r\n",
    "code 600": b"650 ok\r\n",
    "nothing": b"\r\n",
    "gone": DROP,
}


@pytest.mark.parametrize("kind", GARBAGE)
@pytest.mark.parametrize("verb", ["BANNER", "EHLO", "MAIL", "RCPT", "DATA", "."])
async def test_garbage_is_451_and_ends_the_connection(verb, kind):
    async with Out({verb: [GARBAGE[kind]]}, command_timeout=0.5, data_timeout=0.5) as out:
        transaction, answers = await out.begin(B)
        if answers[0].code == 250:
            answers.append(await transaction.send(WIRE))
        await transaction.abort()
        assert answers[-1].code == 451
        assert verb == "." or not out.hop.mails  # behind the dot only the hop knows


@pytest.mark.parametrize("verb", ["BANNER", "EHLO", "MAIL", "RCPT", "DATA", "."])
async def test_silence_is_451(verb):
    async with Out({verb: [60.0]}, command_timeout=0.15, data_timeout=0.2) as out:
        transaction, answers = await out.begin(B)
        if answers[0].code == 250:
            answers.append(await transaction.send(WIRE))
        assert answers[-1] == replies.HOP_DOWN


async def test_an_answer_that_nobody_asked_for_ends_the_connection():
    async with Out({"RCPT": [b"250 ok\r\n250 ok\r\n"]}) as out:
        transaction, _ = await out.begin(B)
        await asyncio.sleep(0.05)
        assert (await transaction.send(WIRE)).code == 451
        assert not out.hop.mails


async def test_a_connection_that_closed_while_idle_is_replaced():
    async with Out({".": ["250 ok", "250 ok"]}) as out:
        transaction, _ = await out.begin(B)
        await transaction.send(WIRE)
        out.hop.drop_all()
        transaction, answers = await out.begin(C)
        assert answers[0].code == 250
        assert (await transaction.send(WIRE)).code == 250
        assert out.hop.connections == 2


async def test_a_421_to_the_first_command_of_an_idle_connection_is_not_told():
    async with Out({"MAIL": ["250 ok", "421 4.4.2 idle too long", "250 ok"]}) as out:
        transaction, _ = await out.begin(B)
        await transaction.send(WIRE)
        transaction, answers = await out.begin(C)
        assert answers[0].code == 250
        assert (await transaction.send(WIRE)).code == 250
        assert len(out.hop.mails) == 2


@pytest.mark.parametrize("ehlo", [PLAIN_EHLO, GOOD["EHLO"]])
async def test_a_connection_that_takes_no_more_mail_is_replaced(ehlo: str):
    """OpenSMTPD answers 452 to the 101st MAIL of a session, for ever."""
    full = "452 4.5.3 Too many messages sent"
    async with Out({"EHLO": [ehlo], "MAIL": ["250 ok", full, "250 ok", full, full]}) as out:
        for _ in range(2):
            transaction, (answer,) = await out.begin(B)
            assert answer.code == 250
            assert (await transaction.send(WIRE)).code == 250
        assert (out.hop.connections, len(out.hop.mails)) == (2, 2)
        transaction, (answer,) = await out.begin(B)
        await transaction.abort()
        assert (answer.code, answer.text) == (452, full[4:]), "of a new one it is the answer"
        assert out.hop.connections == 3


async def test_a_second_failure_is_told():
    async with Out({"MAIL": ["250 ok", DROP]}) as out:
        transaction, _ = await out.begin(B)
        await transaction.send(WIRE)
        _, answers = await out.begin(C)
        assert answers[0] == replies.HOP_DOWN
        assert out.hop.connections == 2


async def test_a_connection_lost_while_the_message_was_read_is_replaced():
    async with Out() as out:
        transaction, _ = await out.begin(B, C)
        out.hop.drop_all()
        await asyncio.sleep(0.02)
        assert (await transaction.send(WIRE)).code == 250
        assert [mail.rcpts for mail in out.hop.mails] == [[B.raw, C.raw]]


@pytest.mark.parametrize("answer", [DROP, "421 4.4.2 timeout"])
async def test_a_connection_lost_at_data_is_replaced_once(answer):
    async with Out({"DATA": [answer, "354 go"]}) as out:
        transaction, _ = await out.begin(B)
        assert (await transaction.send(WIRE)).code == 250
        assert len(out.hop.mails) == 1
    async with Out({"DATA": [answer]}) as out:
        transaction, _ = await out.begin(B)
        assert (await transaction.send(WIRE)).code == 451
        assert out.hop.connections == 2


async def test_after_the_dot_nothing_is_repeated():
    """The hop has it and dies before it can say so: unknown, so 451, and no second try."""
    async with Out({".": [DROP]}) as out:
        transaction, _ = await out.begin(B)
        assert await transaction.send(WIRE) == replies.HOP_DOWN
        assert out.hop.connections == 1
        assert out.hop.verbs().count("DATA") == 1


async def test_lost_recipients_are_named_again():
    """The connection dies between two RCPTs: the first must not be forgotten."""
    async with Out({"RCPT": ["250 ok", DROP, "250 ok"]}) as out:
        transaction, answers = await out.begin(B, C, D)
        assert [answer.code for answer in answers] == [250, 451, 250]
        assert (await transaction.send(WIRE)).code == 250
        assert [mail.rcpts for mail in out.hop.mails] == [[B.raw, D.raw]]


async def test_a_cancelled_send_completes_nothing():
    gate = asyncio.Event()
    async with Out({"DATA": [("354 go", gate), "354 go"]}, limit=2**16) as out:
        transaction, _ = await out.begin(B)
        task = asyncio.create_task(transaction.send((b"0" * 998 + b"\r\n") * 30_000))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gate.set()
        await transaction.abort()
        await asyncio.sleep(0.05)
        assert not out.hop.mails
        transaction, _ = await out.begin(C)
        assert (await transaction.send(WIRE)).code == 250
        assert len(out.hop.mails) == 1


async def test_an_early_refusal_ends_a_large_message():
    """Some servers answer before the dot and hang up; the dot is never sent then."""
    async with Out({"DATA": [("354 go", 0.05, "552 5.3.4 too big", DROP)]}) as out:
        transaction, _ = await out.begin(B)
        answer = await transaction.send(b"x" * 30_000_000 + b"\r\n")
        assert answer.code in (552, 451)  # 451 if the reset outran the reply
        assert not out.hop.mails


async def test_the_pool_is_bounded_and_forgets():
    async with Out(kept=2, idle=0.2) as out:
        transactions = [(await out.begin(B))[0] for _ in range(4)]
        assert out.hop.open == 4
        for transaction in transactions:
            await transaction.send(WIRE)
        await asyncio.sleep(0.05)
        assert out.hop.open == 2
        await asyncio.sleep(0.5)
        assert out.hop.open == 0


async def test_offers():
    async with Out() as out:
        assert out.relay.known is None
        offers = await out.relay.learn()
        assert (offers.size, offers.dsn, offers.xforward) == (104857600, True, True)
        assert out.relay.known is offers
    async with Out({"EHLO": ["500 what"]}) as out:
        assert not (await out.relay.learn()).eight_bit
        assert out.hop.verbs() == ["EHLO", "HELO"]
    relay = Relay(Hop("127.0.0.1", out.hop.port))
    with pytest.raises(Temporary):
        await relay.learn()


# ---- the outbox -------------------------------------------------------------------------------


async def once(hop, *rcpts, data=b".dots\r\nlast", **settings):
    return await deliver_once(Hop("127.0.0.1", hop.port, **settings), MAIL, rcpts, data)


async def test_deliver_once():
    async with ScriptedHop({"RCPT": ["250 ok", "550 5.1.1 no", "250 ok"]}) as hop:
        receipt = await once(hop, B, C, D)
        assert [reply.code for reply in receipt.rcpts] == [250, 550, 250]
        assert receipt.final.code == 250
        assert hop.mails[0].wire == b"..dots\r\nlast\r\n"
        assert hop.mails[0].rcpts == [B.raw, D.raw]
        assert hop.verbs()[-1] in ("DATA", "QUIT")


async def test_deliver_once_to_nobody():
    async with ScriptedHop({"RCPT": ["550 5.1.1 no"]}) as hop:
        receipt = await once(hop, B)
        assert (receipt.rcpts[0].code, receipt.final.code) == (550, 550)
        assert "DATA" not in hop.verbs()
    receipt = await once(hop, B, C)
    assert receipt.rcpts == (replies.HOP_DOWN, replies.HOP_DOWN)
    assert receipt.final == replies.HOP_DOWN
