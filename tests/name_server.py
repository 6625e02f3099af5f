"""A name server on loopback: MX answers from a table, over UDP, by dnspython's own messages."""

import contextlib
import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer:
    """Answers ``zone[domain]`` (mail servers, or an rcode); other domains do not exist.

    `None` is silence. `asked` are the domains of all questions, in their order.
    """

    def __init__(self, zone: dict[str, list[str] | dns.rcode.Rcode | None], ttl: int = 600) -> None:
        self.zone, self.ttl = zone, ttl
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "NameServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                data, client = self._socket.recvfrom(4096)
            except OSError:
                return
            if not data:
                return
            if reply := self._reply(dns.message.from_wire(data)):
                self._socket.sendto(reply.to_wire(), client)

    def _reply(self, query: dns.message.Message) -> dns.message.Message | None:
        name = query.question[0].name
        domain = name.to_text(omit_final_dot=True)
        self.asked.append(domain)
        answer = self.zone.get(domain, dns.rcode.NXDOMAIN)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        match answer:
            case None:
                return None
            case list():
                texts = [f"{10 * n} {server}." for n, server in enumerate(answer, 1)]
                if texts:
                    reply.answer.append(dns.rrset.from_text(name, self.ttl, "IN", "MX", *texts))
            case _:
                reply.set_rcode(answer)
        return reply
