"""The embedded inbox: a next hop that keeps what it gets as files. For demonstrations only.

Each message becomes ``NNNN.eml`` with the envelope in ``X-Envelope-*`` lines at its top. It
accepts everybody and delivers to nobody.
"""

import asyncio
import itertools
import signal
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class _Keeper:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Keep the message."""
        number = next(self._numbers)
        head = f"X-Envelope-From: {envelope.mail_from}\r\n"
        head += "".join(f"X-Envelope-To: {who}\r\n" for who in envelope.rcpt_tos)
        content = envelope.original_content or b""
        path = self._folder / f"{number:04d}.eml"
        path.with_suffix(".part").write_bytes(head.encode() + content)
        path.with_suffix(".part").rename(path)
        return f"250 2.0.0 Ok: inbox {number:04d}"


def run(folder: Path, host: str, port: int) -> None:
    """Serve until SIGTERM."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.eml"):
        old.unlink()
    asyncio.run(_serve(folder, host, port))


async def _serve(folder: Path, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    keeper = _Keeper(folder)
    server = await loop.create_server(
        lambda: SMTP(keeper, hostname="inbox", enable_SMTPUTF8=True), host, port
    )
    await stop.wait()
    server.close()


def mails(folder: Path) -> list[Message]:
    """All that has arrived, in the order of arrival."""
    return [message_from_bytes(path.read_bytes()) for path in sorted(folder.glob("*.eml"))]
