"""With the real tools of Postfix: smtp-source → gateway → smtp-sink, bytes compared."""

import asyncio
import hashlib
import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.running import free_port, greets, wait_until
from tests.scripted_hop import ScriptedHop
from tests.smtp_client import gateway

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not shutil.which("smtp-sink"), reason="needs smtp-sink of postfix"),
]


class Sink:
    """smtp-sink that writes each message to a file in `folder`."""

    def __init__(self, folder) -> None:
        self.port = free_port()
        self.folder = folder

    async def __aenter__(self):
        user = ("-u", "postfix") if os.getuid() == 0 else ()
        self.folder.chmod(0o777)
        self._process = await asyncio.create_subprocess_exec(
            "smtp-sink", *user, "-d", str(self.folder / "m."), f"127.0.0.1:{self.port}", "100"
        )
        await asyncio.to_thread(wait_until, lambda: greets(self.port), "smtp-sink")
        return self

    async def __aexit__(self, *_):
        self._process.terminate()
        await self._process.wait()

    def bodies(self) -> list[bytes]:
        """What came, behind the lines that the sink writes in front; it writes LF line ends."""
        return [
            path.read_bytes() for path in sorted(self.folder.glob("m.*")) if path.stat().st_size
        ]


@pytest.fixture
def folder():
    """A folder that smtp-sink's user may write to: pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


async def test_many_messages_arrive_as_they_were_sent(folder):
    made = random.Random(7)
    contents = [
        b"X-Number: %d\r\n\r\n" % number
        + b"".join(
            made.randbytes(made.choice([0, 3, 70, 5000])).translate(None, b"\r\n\0") + b"\r\n"
            for _ in range(made.choice([1, 20, 400]))
        )
        for number in range(30)
    ]
    async with Sink(folder) as sink, gateway(sink) as gate:

        async def send(each):
            async with gate.client() as client:
                await client.hello()
                for content in each:
                    stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
                    assert (await client.message(stuffed)).startswith("250 ")

        await asyncio.gather(*(send(contents[start::5]) for start in range(5)))
    arrived = {_hash(body) for body in sink.bodies()}
    assert {_hash(content.replace(b"\r\n", b"\n")) for content in contents} <= arrived


def _hash(body: bytes) -> str:
    return hashlib.sha256(body[body.index(b"X-Number:") :].rstrip(b"\n")).hexdigest()


@pytest.mark.parametrize("options", [(), ("-d",), ("-r", "5")], ids=" ".join)
async def test_smtp_source_is_served(options):
    async with ScriptedHop() as hop, gateway(hop) as gate:
        source = await asyncio.create_subprocess_exec(
            "smtp-source", *options, "-s", "5", "-m", "50", "-l", "3000", "-f", "a@example.se",
            "-t", "b@example.net", f"127.0.0.1:{gate.listener.port}",
        )  # fmt: skip
        async with asyncio.timeout(60):
            assert await source.wait() == 0
        assert len(hop.mails) == 50
        assert {mail.mail for mail in hop.mails} == {b"<a@example.se>"}
