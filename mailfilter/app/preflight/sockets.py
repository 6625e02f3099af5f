"""The ports that we listen on: can each be had? Tried by binding it for a moment."""

import errno
import socket
from collections.abc import Iterator

from mailfilter.app.preflight.beside import door, doors_of, port_key
from mailfilter.app.preflight.fault import Fault, Kind
from mailfilter.app.preflight.tried import Tried

_CURES = {
    errno.EADDRINUSE: "another program has it; end that, or give another port",
    errno.EACCES: "ports under 1024 need a right: see 'Listen on port 25' in the manual",
    errno.EADDRNOTAVAIL: "this machine has no such address; give one of its own, or 127.0.0.1",
}


def check(tried: Tried) -> Iterator[Fault]:
    """Those that cannot be had. What our own `serve` holds is well."""
    beside = tried.beside
    for name, (host, port) in doors_of(tried.settings).items():
        if not port or door(host, port) in beside.doors:
            continue
        error = refusal(host, port)
        if error is None:
            continue
        if error.errno == errno.EADDRINUSE and beside.runs and not beside.answers:
            what = f"{door(host, port)} is taken, perhaps by our own serve, which does not answer"
            yield Fault(port_key(name), f"{what} now; ask again in a minute", Kind.AWAY)
            continue
        key = "host" if isinstance(error, socket.gaierror) or error.errno in _OF_HOST else "port"
        cure = _CURES.get(error.errno or 0, "give an address of this machine and a free port")
        what = f"{door(host, port)} cannot be had: {error.strerror or error}; {cure}"
        yield Fault(name if "." in name else f"{name}.{key}", what)


_OF_HOST = (errno.EADDRNOTAVAIL, errno.EINVAL, errno.EAFNOSUPPORT)


def refusal(host: str, port: int) -> OSError | None:
    """Why a port cannot be had; None if it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((host, port))
    except UnicodeError:  # a name with an empty or endless part
        return OSError(errno.EADDRNOTAVAIL, "is no name of a host")
    except OSError as error:
        return error
    return None
