"""Profiles: what a secure service that is reached by SMTP expects, by its name.

From → to: ``profile = "zivver"`` in a ``[connectors.NAME]`` table → defaults for the keys that the
table leaves out, and what the operator must still say herself. A profile is one row here; what each
service documents, and what was assumed where it documents nothing, stands in
``deploy/connectors.md``.

Sources: docs.zivver.com (admin/smtp), securemail.docs.ssh.com (address extension). SecureAppbox
publishes no interface: its row is the plainest way that can work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Profile:
    """Defaults of a service; `own` are keys that it cannot do without and that have none."""

    defaults: Mapping[str, Any]
    own: tuple[str, ...] = ()
    documented: bool = True  # by the service itself, in public


_FINISH_SV = "Du får ett mejl från tjänsten om den behöver mottagarens mobilnummer."
_FINISH_EN = "The service mails you if it needs the recipient's mobile number."

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "zivver": Profile(
            {
                "title": "Zivver",
                "host": "smtp.zivver.com",
                "port": 587,
                "tls": "verify",
                "stop_headers": ["X-Zivver-Transport"],
                "instructions_sv": _FINISH_SV,
                "instructions_en": _FINISH_EN,
            },
        ),
        "deltagon": Profile(
            {
                "title": "SSH Secure Mail",
                "envelope_recipient": "{address}.s",
                "tls": "verify",
            },
            own=("host",),
        ),
        "secureappbox": Profile(
            {
                "title": "SecureAppbox",
                "tls": "verify",
                "subject_replace": "Säkert meddelande",
                "split": True,
                "instructions_sv": _FINISH_SV,
                "instructions_en": _FINISH_EN,
            },
            own=("host",),
            documented=False,
        ),
        "suffix": Profile({"tls": "verify"}, own=("host", "envelope_recipient")),
        "header": Profile({"tls": "verify"}, own=("host", "add_headers")),
    }
)


def filled(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table with what its profile adds; ValueError where something that it needs is missing."""
    name = table.get("profile", "")
    if not name:
        return dict(table)
    profile = PROFILES.get(name) if isinstance(name, str) else None
    if profile is None:
        raise ValueError(f"profile must be one of {', '.join(PROFILES)}")
    if table.get("type", "smtp") != "smtp":
        raise ValueError("profile is for type smtp: take it away")
    missing = [key for key in profile.own if key not in table]
    if missing:
        raise ValueError(f"profile {name} also needs {' and '.join(missing)}: give it")
    return {**profile.defaults, **table}
