"""Links to services for sharing files: what the mail itself does not hold and nobody has read.

From → to: sources → `Match`es of kind ``cloud-link``, always low; value and mask are the service's
domain. Services: `cloud_link_data/services.txt`.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.resources import files

from detectors.contract import Match, Source

KINDS = ("cloud-link",)
EVIDENCE = {"link": "länk till en tjänst för fildelning"}
CONFIDENCE = 40
_HOST = re.compile(r"(?<![\w@.-])(?:[\w-]{1,63}\.){1,4}[a-z]{2,10}(?![\w-])")
_URL = re.compile(r"[^\s<>\"'|]{0,200}")


def _read_services() -> dict[str, tuple[str, ...]]:
    text = files("detectors").joinpath("cloud_link_data/services.txt").read_text(encoding="utf-8")
    services: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            domain, _, path = line.partition(" ")
            services.setdefault(domain, []).append(path)
    return {domain: tuple(paths) for domain, paths in services.items()}


SERVICES = _read_services()


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:  # noqa: ARG001  # the contract's argument
    """Every link, in text or in an address."""
    for index, source in enumerate(sources):
        text = source.folded.text
        if not any(domain in text for domain in SERVICES):
            continue
        for host in _HOST.finditer(text):
            domain = _service(host[0], text, host.end())
            if domain:
                start, end = source.folded.span(host.start(), host.end())
                yield Match(index, start, end, KINDS[0], CONFIDENCE, ("link",), domain, domain)


def _service(host: str, text: str, end: int) -> str | None:
    labels = host.split(".")
    for at in range(len(labels) - 1):
        domain = ".".join(labels[at:])
        for path in SERVICES.get(domain, ()):
            rest = _URL.match(text, end)
            if rest and rest[0].startswith("/") and len(rest[0]) > 1 and path in rest[0]:
                return domain
    return None
