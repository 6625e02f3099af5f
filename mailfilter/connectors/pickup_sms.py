"""A code by SMS, through whatever HTTP gateway the organisation has.

From → to: a mobile number and a text → one request as the operator's template says → taken or not.
The template's places are filled in as the content type demands (JSON or form), so that no text can
become structure; in the address and in headers they are percent-encoded or left out.

`number_of` knows what people write: spaces, hyphens, a leading 0 (the country's own), 00 or +.
"""

import json
import re
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

import phonenumbers

from mailfilter.config.pickup import Sms
from mailfilter.connectors.http_call import call
from mailfilter.errors import ConfigError, Temporary

_SIGNS = re.compile(r"[\s().\-–/]+")
_TYPES = (
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
)


def number_of(written: str, country: str = "+46") -> str:
    """A mobile number as ``+46...``; "" where it is none."""
    digits = _SIGNS.sub("", written)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif digits.startswith("0"):
        digits = country + digits[1:]
    try:
        parsed = phonenumbers.parse(digits, None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(parsed) or phonenumbers.number_type(parsed) not in _TYPES:
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@dataclass(frozen=True, slots=True)
class SmsGateway:
    """The organisation's gateway."""

    settings: Sms

    @property
    def on(self) -> bool:
        return bool(self.settings.url)

    async def send(self, number: str, text: str) -> bool:
        """True if the gateway took it. Its answer is nobody's business and is dropped."""
        settings, secret = self.settings, secret_of(self.settings)
        said = {"number": number, "text": text, "secret": secret}
        is_json = settings.content_type == "application/json"
        url = settings.url.format(**{name: quote(value, safe="") for name, value in said.items()})
        body = settings.body.format(
            **{name: _in_json(v) if is_json else quote_plus(v) for name, v in said.items()}
        )
        headers = {
            name: value.format(number=number, text="", secret=secret)
            for name, value in settings.headers.items()
        }
        try:
            answer = await call(
                "POST", url, {"Content-Type": settings.content_type} | headers, body.encode()
            )
        except Temporary:
            return False
        return answer.fine and settings.accepted.encode() in answer.body


def secret_of(settings: Sms) -> str:
    """Read at each use, so that it may be changed; ConfigError if it cannot be read."""
    if settings.secret_file is None:
        return ""
    try:
        return settings.secret_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"pickup.sms.secret_file: {settings.secret_file}: cannot be read"
        ) from error


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]
