"""Reaching a next hop: name → connected socket → `Connection` past EHLO, STARTTLS and AUTH.

Without TLS the connection is ``socket_transport.Plain``, which costs half of asyncio's own
transport for each reply; that one is needed where the conversation changes over to TLS.
"""

import asyncio
import socket
from dataclasses import replace

from mailfilter import failpoint, replies
from mailfilter.next_hop.transaction import Connection, Hop, Lost, NoTls
from mailfilter.socket_transport import Plain


async def connect(hop: Hop) -> Connection:
    """A connection past EHLO, STARTTLS and AUTH; raises `Lost`.

    With ``opportunistic`` a failed handshake is tried once more in plain text.
    """
    try:
        return await _connect(hop)
    except NoTls:
        if hop.tls != "opportunistic" or hop.username:
            raise
    return await _connect(replace(hop, tls="none"))


async def _connect(hop: Hop) -> Connection:
    loop = asyncio.get_running_loop()
    connection = Connection(hop)
    try:
        async with asyncio.timeout(hop.connect_timeout):
            sock = await _dialled(loop, hop)
            if hop.tls == "none":
                connection.connection_made(Plain(loop, sock, connection))
            else:  # asyncio's own transport can change over to TLS
                await loop.create_connection(lambda: connection, sock=sock)
    except (OSError, TimeoutError) as error:
        raise Lost(replies.HOP_DOWN, f"connect: {type(error).__name__}") from error
    opened = False
    try:
        failpoint.reach("ds_connect")
        await connection.open()
        opened = True
    finally:
        if not opened:  # also when the task was cancelled
            connection.close()
    return connection


async def _dialled(loop: asyncio.AbstractEventLoop, hop: Hop) -> socket.socket:
    """A connected socket: the first of the host's addresses that answers; raises OSError."""
    refusal = OSError("no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(
        hop.host, hop.port, type=socket.SOCK_STREAM
    ):
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as error:
            refusal = error
            continue
        connected = False
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(sock, address)
            connected = True
        except OSError as error:
            refusal = error
        finally:
            if not connected:  # also when the task was cancelled
                sock.close()
        if connected:
            return sock
    raise refusal
