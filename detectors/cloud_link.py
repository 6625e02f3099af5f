"""Links to services for sharing files: what the mail itself does not hold and nobody has read.

From → to: sources → `Match`es of kind ``cloud-link``, always low; value and mask are the service's
domain. Services: `cloud_link_data/services.txt`.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.resources import files

from .contract import Match, Sign, Source
from .search.pieces import ask

KINDS: tuple[str, ...] = ("cloud-link",)
EVIDENCE = {"link": "länk till en tjänst för fildelning"}
PERSONAL = False
STARS = ""
NEEDS = Sign.LINK
CONFIDENCE = 40
_NOT_HOST = re.compile(r"[^\w.-]")
_PATH = re.compile(r"[^\s<>\"'|]{0,200}")


def _read_services() -> dict[str, tuple[str, ...]]:
    text = files(__package__).joinpath("cloud_link_data/services.txt").read_text(encoding="utf-8")
    services: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            domain, _, path = line.partition(" ")
            services.setdefault(domain, []).append(path)
    return {domain: tuple(paths) for domain, paths in services.items()}


SERVICES = _read_services()
ENDS = ask(sorted({f".{domain.rpartition('.')[2]}/" for domain in SERVICES}))


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:  # noqa: ARG001  # the contract's argument
    """Every link, in text or in an address."""
    for index, source in enumerate(sources):
        found = [(at, end) for end, places in source.pieces.of(ENDS) for at in places]
        for at, end in sorted(found):
            yield from _link(index, source, at, end[:-1])


def _link(index: int, source: Source, at: int, end: str) -> Iterator[Match]:
    """The link whose host ends with `end` at `at`."""
    text = source.folded.text
    before = text[max(at - 90, 0) : at]
    host = _NOT_HOST.split(before)[-1]
    domain = _service(host + end, text, at + len(end))
    if domain and not before[: -len(host) or None].endswith("@"):
        start, stop = source.folded.span(at - len(host), at + len(end))
        yield Match(index, start, stop, KINDS[0], CONFIDENCE, ("link",), domain, domain)


def _service(host: str, text: str, end: int) -> str | None:
    """The listed domain that `host` is or lies under, if the path is one that shares files."""
    labels = host.split(".")
    for at in range(len(labels) - 1):
        domain = ".".join(labels[at:])
        for path in SERVICES.get(domain, ()):
            rest = _PATH.match(text, end)
            if rest and len(rest[0]) > 1 and path in rest[0]:
                return domain
    return None
