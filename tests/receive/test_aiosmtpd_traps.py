# ruff: noqa: SIM117 — one with for the gateway, one for its clients
"""Each row of the two tables of aiosmtpd's limits: the trap is gone. Numbers are the rows'.

Rows 4.1-4.24 are the first table, `whole_*` the second.
"""

import asyncio
import json
import logging
import ssl

import pytest

from mailfilter import replies
from mailfilter.model import Reply
from mailfilter.receive.contract import Bounds
from mailfilter.receive.data_reader import DataReader
from mailfilter.receive.session import Session
from tests.certificates import Authority
from tests.scripted_hop import PLAIN_EHLO, ScriptedHop
from tests.smtp_client import gateway

MAIL = b"Subject: x\r\n\r\nhello\r\n"


async def test_4_01_dsn_parameters():
    async with ScriptedHop() as hop, gateway(hop) as gate, gate.client() as client:
        await client.hello()
        mail = "<a@example.se> RET=HDRS ENVID=QQ+2B1 AUTH=<> BODY=8BITMIME SIZE=100"
        rcpt = "<b@example.net> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;B+40Example.net"
        assert (await client.message(MAIL, mail, rcpt)).startswith("250 ")
        assert hop.mails[0].mail == mail.encode()
        assert hop.mails[0].rcpts == [rcpt.encode()]


async def test_4_02_nothing_is_recased_or_rewritten():
    async with ScriptedHop() as hop, gateway(hop) as gate, gate.client() as client:
        await client.hello()
        mail, rcpt = " <@hop.example:C@D.se>  size=100 Body=8bitMime", "<E@f.example.>"
        assert (await client.message(MAIL, mail, rcpt)).startswith("250 ")
        assert hop.mails[0].mail == mail.encode()
        assert hop.mails[0].rcpts == [rcpt.encode()]
        envelope = gate.received[0].envelope
        assert (envelope.mail.address, envelope.eight_bit) == (b"C@D.se", True)
        assert envelope.rcpts[0].address == b"E@f.example."


async def test_4_03_extensions_of_both_sides():
    async with ScriptedHop() as hop, gateway(hop) as gate, gate.client() as client:
        offered = {line[4:].split(" ")[0] for line in (await client.hello()).split("\n")}
        assert offered >= {"PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SIZE", "DSN"}
        assert offered >= {"SMTPUTF8", "XFORWARD"}
        assert not offered & {"CHUNKING", "BINARYMIME", "AUTH", "STARTTLS"}
        assert (await client.ask("BDAT 10 LAST")).startswith("500 ")
        assert (await client.ask("XFORWARD NAME=x.example ADDR=192.0.2.1")).startswith("250 ")


async def test_4_03_extensions_that_the_next_hop_lacks_are_not_offered():
    poor = {"EHLO": ["250-hop\n250 SIZE 1000"]}
    async with ScriptedHop(poor) as hop, gateway(hop) as gate, gate.client() as client:
        offered = [line[4:] for line in (await client.hello()).split("\n")]
        assert offered[1:] == ["PIPELINING", "ENHANCEDSTATUSCODES", "SIZE 1000"]


async def test_4_04_pipelined_commands():
    async with ScriptedHop() as hop, gateway(hop) as gate, gate.client() as client:
        await client.hello()
        await client.send(
            b"MAIL FROM:<a@example.se>\r\nRCPT TO:<b@example.net>\r\n"
            b"RCPT TO:<c@example.net>\r\nDATA\r\n"
        )
        assert [(await client.reply())[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        await client.send(MAIL + b".\r\nMAIL FROM:<>\r\nRCPT TO:<d@example.net>\r\nQUIT\r\n")
        assert [(await client.reply())[:3] for _ in range(4)] == ["250", "250", "250", "221"]
        assert [mail.rcpts for mail in hop.mails] == [[b"<b@example.net>", b"<c@example.net>"]]


async def test_4_05_smtputf8_passes():
    async with ScriptedHop() as hop, gateway(hop) as gate, gate.client() as client:
        await client.hello()
        mail = "<åsa@räksmörgås.example> SMTPUTF8"
        assert (await client.message(MAIL, mail, "<ö@example.net>")).startswith("250 ")
        assert hop.mails[0].mail == mail.encode()


async def test_4_06_replies_are_ascii():
    async def refuse(received, hop):
        return Reply(550, "5.7.1 Stoppat: innehåller\r250 personnummer\nbilaga \u2028 två")

    async with ScriptedHop() as hop, gateway(hop, refuse) as gate, gate.client() as client:
        await client.hello()
        expected = "550-5.7.1 Stoppat: inneh?ller?250 personnummer\n550 bilaga ? tv?"
        assert await client.message(MAIL) == expected
        assert (await client.ask("NOOP")).startswith("250 ")


async def test_4_07_long_lines():
    content = b"Subject: x\r\n\r\n" + b"x" * 3_000_000 + b"\r\nshort\r\n"
    async with ScriptedHop() as hop, gateway(hop) as gate, gate.client() as client:
        await client.hello()
        assert (await client.message(content)).startswith("250 ")
        assert hop.mails[0].wire == content


async def test_4_08_size_limit_is_ours_and_the_next_hops():
    script = {"EHLO": ["250-hop\n250 SIZE 5000"]}
    async with ScriptedHop(script) as hop, gateway(hop) as gate, gate.client() as client:
        assert "250 SIZE 5000" in (await client.hello()).split("\n")[-1]
        assert (await client.ask("MAIL FROM:<a@example.se> SIZE=5001")).startswith("552 5.3.4")
        assert (await client.message(b"x" * 4998 + b"\r\n")).startswith("250 ")
        assert (await client.message(b"x" * 4999 + b"\r\n")).startswith("552 5.3.4")
        assert len(hop.mails) == 1
    async with (
        ScriptedHop() as hop,
        gateway(hop, max_message=4000) as gate,
        gate.client() as client,
    ):
        assert "SIZE 4000" in await client.hello()


async def test_4_09_memory_is_bounded():
    bounds = Bounds(memory_timeout=0.05)
    kept = {"bounds": bounds, "memory_budget": 3_000_000}
    async with ScriptedHop() as hop, gateway(hop, **kept) as gate, gate.client() as first:
        async with gate.client() as second:
            await first.hello()
            await second.hello()
            await first.envelope("<a@example.se> SIZE=2500000")
            await second.envelope()
            await second.ask("DATA")
            await second.send(b"x" * 2_000_000 + b"\r\n.\r\n")
            assert (await second.reply()).startswith("452 4.3.1")
            assert (await second.ask("NOOP")).startswith("250 ")
            assert gate.listener.budget.free == 500_000
            assert (await first.ask("RSET")).startswith("250 ")
            assert (await second.message(b"x" * 2_000_000 + b"\r\n")).startswith("250 ")
            assert gate.listener.budget.free == 3_000_000


async def test_4_10_a_large_message_arrives_in_chunks_not_lines():
    """10 MiB of short lines are some hundred steps of the session, not 140,000."""
    steps = 0
    original = DataReader.feed

    def counted(self, chunk):
        nonlocal steps
        steps += 1
        return original(self, chunk)

    content = (b"A" * 74 + b"\r\n") * 138_000
    DataReader.feed = counted
    try:
        async with ScriptedHop({}) as hop, gateway(hop, _accept) as gate, gate.client() as client:
            await client.hello()
            assert (await client.message(content)).startswith("250 ")
            assert gate.received[0].wire == content
            assert gate.received[0].data is gate.received[0].wire
    finally:
        DataReader.feed = original
    assert 0 < steps < 2000


async def test_4_11_timers_are_per_phase_and_refreshed():
    """A trickle lives as long as each chunk comes in time; work on a message is not timed."""

    async def slow(received, hop):
        await asyncio.sleep(0.6)
        return replies.OK

    bounds = Bounds(command_timeout=0.4, block_timeout=0.4, data_timeout=60)
    async with ScriptedHop() as hop, gateway(hop, slow, bounds=bounds) as gate:
        async with gate.client() as client:
            await client.hello()
            await client.envelope()
            await client.ask("DATA")
            for _ in range(6):
                await client.send(b"trickle\r\n")
                await asyncio.sleep(0.1)
            await client.send(b".\r\n")
            assert (await client.reply()).startswith("250 ")
            assert (await client.reply()).startswith("421 4.4.2")
            assert await client.reply() == ""


@pytest.mark.parametrize("way", ["half-close", "reset"])
async def test_4_12_a_client_that_leaves_cancels_nothing(way):
    began, finish, finished = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def commit(received, hop):
        began.set()
        await finish.wait()
        reply = await hop.send(received.wire)
        finished.set()
        return reply

    async with ScriptedHop() as hop, gateway(hop, commit) as gate, gate.client() as client:
        await client.hello()
        await client.envelope()
        await client.ask("DATA")
        await client.send(MAIL + b".\r\n")
        await began.wait()
        client.reset() if way == "reset" else client.writer.write_eof()
        await asyncio.sleep(0.05)
        finish.set()
        await asyncio.wait_for(finished.wait(), 10)
        assert hop.mails[0].wire == MAIL
        if way == "half-close":
            assert (await client.reply()).startswith("250 ")


async def test_4_13_sessions_are_capped():
    async with ScriptedHop() as hop, gateway(hop, max_sessions=2) as gate:
        async with gate.client() as first, gate.client() as second, gate.client() as third:
            assert (await first.reply()).startswith("220 ")
            assert (await second.reply()).startswith("220 ")
            assert (await third.reply()).startswith("421 4.7.0")
            assert await third.reply() == ""
            assert (await first.ask("QUIT")).startswith("221 ")
            assert await first.reply() == ""
        async with gate.client() as again:
            assert (await again.reply()).startswith("220 ")


async def test_4_13_sessions_of_one_client_are_capped():
    bounds = Bounds(sessions_per_client=1)
    async with ScriptedHop() as hop, gateway(hop, bounds=bounds) as gate:
        async with gate.client() as first, gate.client() as second:
            assert (await first.reply()).startswith("220 ")
            assert (await second.reply()).startswith("421 4.7.0")


async def test_4_14_commands_and_errors_are_capped():
    bounds = Bounds(commands=10, errors=3)
    async with ScriptedHop() as hop, gateway(hop, bounds=bounds) as gate:
        async with gate.client() as client:
            await client.hello()
            for _ in range(9):
                assert (await client.ask("NOOP")).startswith("250 ")
            assert (await client.ask("NOOP")).startswith("421 4.7.0 Too many commands")
        async with gate.client() as client:
            await client.hello()
            assert (await client.ask("JUNK")).startswith("500 ")
            assert (await client.ask("JUNK")).startswith("500 ")
            await client.ask("JUNK")
            assert (await client.reply()).startswith("421 4.7.0 Too many errors")


async def test_4_14_a_client_that_sends_mail_may_go_on():
    """The caps are for each message: a front server that keeps its connection is not sent away."""
    bounds = Bounds(commands=8, errors=3)
    async with ScriptedHop() as hop, gateway(hop, bounds=bounds) as gate, gate.client() as client:
        await client.hello()
        for _ in range(10):
            assert (await client.ask("JUNK")).startswith("500 ")
            assert (await client.message(MAIL)).startswith("250 ")
        assert len(hop.mails) == 10


async def test_4_15_line_limits_do_not_depend_on_others():
    async with ScriptedHop() as hop, gateway(hop) as gate:
        async with gate.client() as client, gate.client() as other:
            long = f"<{'a' * 3900}@example.se>"
            await client.hello()
            for _ in range(3):
                await client.ask("EHLO client.example")
            await other.hello()
            assert (await client.ask(f"MAIL FROM:{long}")).startswith("250 ")
            assert (await other.ask(f"MAIL FROM:{long}")).startswith("250 ")
            assert (await client.ask(f"RCPT TO:<{'b' * 4200}@example.net>")).startswith("500 5.5.2")
            assert (await client.ask("NOOP")).startswith("250 ")


SMUGGLED = [b"\n.\n", b"\r.\r", b"\r.\n", b"\n.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r"]
SMUGGLED += [b"\r\n\0.\r\n", b"\r\n.\0\r\n"]


@pytest.mark.parametrize("mark", SMUGGLED, ids=repr)
async def test_4_16_smuggling(mark):
    """Only CRLF.CRLF ends a message; what looks like an end is in it, and refuses it."""
    hidden = b"MAIL FROM:<x@example.se>\r\nRCPT TO:<y@example.net>\r\nDATA\r\nsmuggled\r\n"
    async with ScriptedHop() as hop, gateway(hop) as gate, gate.client() as client:
        await client.hello()
        assert (await client.message(MAIL + b"text" + mark + hidden)).startswith("550 5.6.0")
        assert (await client.ask("NOOP")).startswith("250 ")
        assert not hop.mails
        assert not gate.received


@pytest.mark.parametrize("bad", [b"l1\n.\r\nl2", b"a\rb", b"a\nb", b"a\0b"], ids=repr)
async def test_4_17_lone_cr_lf_and_nul_are_refused_after_the_whole_message(bad):
    async with ScriptedHop() as hop, gateway(hop) as gate, gate.client() as client:
        await client.hello()
        assert (await client.message(MAIL + bad + b"\r\nmore\r\n")).startswith("550 5.6.0")
        assert (await client.message(MAIL)).startswith("250 ")
        assert [mail.wire for mail in hop.mails] == [MAIL]


async def test_4_18_commands_pipelined_behind_starttls_end_the_session(tmp_path):
    pair = Authority(tmp_path).issue("gate.example")
    listen = {"certificate": pair.certificate, "key": pair.key}
    async with ScriptedHop() as hop, gateway(hop, listen=listen) as gate, gate.client() as client:
        assert "STARTTLS" in await client.hello()
        await client.send(b"STARTTLS\r\nMAIL FROM:<evil@example.org>\r\n")
        assert (await client.reply()).startswith("501 ")
        assert await client.reply() == ""


async def test_4_19_starttls(tmp_path):
    authority = Authority(tmp_path)
    pair = authority.issue("gate.example")
    listen = {"certificate": pair.certificate, "key": pair.key, "require_tls": True}
    async with ScriptedHop() as hop, gateway(hop, listen=listen) as gate, gate.client() as client:
        assert "STARTTLS" in await client.hello()
        assert (await client.ask("MAIL FROM:<a@example.se>")).startswith("530 5.7.0")
        await client.start_tls(_trusting(authority))
        assert (await client.ask("MAIL FROM:<a@example.se>")).startswith("503 ")
        offers = await client.ask("EHLO client.example")
        assert "STARTTLS" not in offers
        assert (await client.message(b"x" * 3_000_000 + b"\r\n")).startswith("250 ")
        assert (await client.ask("QUIT")).startswith("221 ")


async def test_4_20_no_auth_is_offered_over_tls(tmp_path):
    authority = Authority(tmp_path)
    pair = authority.issue("gate.example")
    listen = {"certificate": pair.certificate, "key": pair.key}
    async with ScriptedHop() as hop, gateway(hop, listen=listen) as gate, gate.client() as client:
        await client.hello()
        await client.start_tls(_trusting(authority))
        assert "AUTH" not in await client.ask("EHLO client.example")
        assert (await client.ask("AUTH PLAIN AGEAYg==")).startswith("502 ")


async def test_4_21_a_proxy_protocol_header_is_not_believed():
    async with ScriptedHop() as hop, gateway(hop) as gate, gate.client() as client:
        await client.hello()
        assert (await client.ask("PROXY TCP4 10.0.0.1 10.0.0.2 1 2")).startswith("500 ")


async def test_4_22_a_refusal_of_the_next_hop_is_never_250():
    script = {"RCPT": ["550 5.1.1 no such user", "250 ok"], ".": ["554 5.7.1 not wanted"]}
    async with ScriptedHop(script) as hop, gateway(hop) as gate, gate.client() as client:
        await client.hello()
        answers = await client.envelope("<a@example.se>", "<b@example.net>", "<c@example.net>")
        assert [answer[:9] for answer in answers] == ["250 2.1.0", "550 5.1.1", "250 ok"]
        await client.ask("DATA")
        await client.send(MAIL + b".\r\n")
        assert await client.reply() == "554 5.7.1 not wanted"


async def test_4_22_a_next_hop_that_is_down_is_never_250():
    async with ScriptedHop() as hop, gateway(hop) as gate, gate.client() as client:
        await client.hello()
        await hop.stop()
        answers = await client.envelope()
        assert answers[1].startswith("451 4.4.1")
        assert (await client.ask("DATA")).startswith("554 ")


async def test_4_23_null_sender():
    async with ScriptedHop() as hop, gateway(hop) as gate, gate.client() as client:
        await client.hello()
        assert (await client.message(MAIL, "<>")).startswith("250 ")
        assert hop.mails[0].mail == b"<>"
        assert gate.received[0].envelope.mail.address == b""
        assert gate.received[0].envelope.mail.text == ""


async def test_4_24_drain():
    """Stopping ends who waits with 421, and waits for who is past the dot."""
    began, finish = asyncio.Event(), asyncio.Event()

    async def commit(received, hop):
        began.set()
        await finish.wait()
        return await hop.send(received.wire)

    async with ScriptedHop() as hop, gateway(hop, commit) as gate:
        async with gate.client() as idle, gate.client() as reading, gate.client() as client:
            for each in (idle, reading, client):
                await each.hello()
            await reading.envelope()
            await reading.ask("DATA")
            await reading.send(b"half a mess")
            await client.envelope()
            await client.ask("DATA")
            await client.send(MAIL + b".\r\n")
            await began.wait()
            stopping = asyncio.create_task(gate.listener.stop())
            assert (await idle.reply()).startswith("421 4.3.2")
            assert (await reading.reply()).startswith("421 4.3.2")
            with pytest.raises(ConnectionRefusedError):
                async with gate.client():
                    pass
            assert not stopping.done()
            finish.set()
            assert (await client.reply()).startswith("250 ")
            assert (await client.reply()).startswith("421 4.3.2")
            await asyncio.wait_for(stopping, 10)
            assert len(hop.mails) == 1
            assert gate.listener.sessions == 0


# ---- the second table -------------------------------------------------------------------------


async def test_whole_01_an_exception_is_451_without_its_text_and_the_state_is_reset(capsys):
    async def fail(received, hop):
        raise ValueError("secret 191212121212")

    async with ScriptedHop() as hop, gateway(hop, fail) as gate, gate.client() as client:
        await client.hello()
        assert await client.message(MAIL) == "451 4.3.0 Internal error, try again later"
        assert (await client.ask("MAIL FROM:<a@example.se>")).startswith("250 ")
        assert (await client.ask("RSET")).startswith("250 ")
    lines = capsys.readouterr().err
    assert [json.loads(line)["cause"] for line in lines.splitlines()] == ["ValueError"]
    assert "1912" not in lines


async def test_whole_02_silence_of_the_next_hop_is_451():
    async with ScriptedHop({"RCPT": [30.0]}) as hop:
        async with gateway(hop, hop_settings={"command_timeout": 0.1}) as gate:
            async with gate.client() as client:
                await client.hello()
                assert (await client.envelope())[1].startswith("451 4.4.1")


async def test_whole_03_what_hangs_is_ended_with_a_reply():
    async def hang(received, hop):
        await asyncio.Event().wait()

    bounds = Bounds(delivery=0.1)
    async with ScriptedHop() as hop, gateway(hop, hang, bounds=bounds) as gate:
        async with gate.client() as client:
            await client.hello()
            assert (await client.message(MAIL)).startswith("451 4.3.0")
            assert (await client.ask("NOOP")).startswith("250 ")


async def test_whole_04_a_client_that_leaves_before_the_dot_delivers_nothing():
    async with ScriptedHop() as hop, gateway(hop) as gate:
        async with gate.client() as client:
            await client.hello()
            await client.envelope()
            await client.ask("DATA")
            await client.send(MAIL + b".\r")
            client.reset()
        async with asyncio.timeout(10):
            while gate.listener.sessions:
                await asyncio.sleep(0.01)
        assert not gate.received
        assert not hop.mails
        assert gate.listener.budget.free == gate.listener.budget.size


async def test_whole_05_nothing_of_a_message_is_logged(caplog, capsys):
    caplog.set_level(logging.DEBUG)
    async with ScriptedHop() as hop, gateway(hop) as gate, gate.client() as client:
        await client.hello()
        content = b"Subject: canary-7731\r\n\r\ncanary-7732\r\n"
        await client.message(content, "<canary-7733@e.se>")
        assert "canary" not in await client.ask("canary-7734")
    assert "canary" not in caplog.text + capsys.readouterr().err


async def test_whole_06_long_lines_are_neither_cut_nor_wrapped():
    async with ScriptedHop({"EHLO": [PLAIN_EHLO]}) as hop, gateway(hop) as gate:
        async with gate.client() as client:
            await client.hello()
            content = b"." + b"." + b"y" * 70_000 + b"\r\n..\r\n"
            assert (await client.message(content)).startswith("250 ")
            assert hop.mails[0].wire == content
            assert gate.received[0].data == b"." + b"y" * 70_000 + b"\r\n.\r\n"


async def test_whole_07_the_class_is_our_own():
    """aiosmtpd's last release is of 2024; nothing of it is on the way of a mail."""
    names = {base.__module__.partition(".")[0] for base in Session.__mro__}
    assert names == {"mailfilter", "asyncio", "abc", "builtins"}


async def _accept(received, hop):
    return replies.OK


def _trusting(authority):
    return ssl.create_default_context(cafile=authority.ca)
