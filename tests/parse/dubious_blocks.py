"""What dubious mails are built of: a boundary, a payload in uneven base64, parts, a typed mail."""

import base64

from tests.parse.blocks import CTE, PLAIN, TEXT, TOP

B = b"grans_1f3c"
MORE = b"Hej!\r\n" + TEXT  # long enough to be cut at will
CUT = (4, 4, 8, 8, 16, 16, 32, 32, 64)


def uneven(data: bytes) -> bytes:
    """base64 in lines of uneven length, which no search for long lines notices."""
    coded, lines = base64.b64encode(data), []
    for n in range(len(coded)):
        size = CUT[n % len(CUT)]
        lines.append(coded[:size])
        coded = coded[size:]
        if not coded:
            break
    return b"\r\n".join(lines) + b"\r\n"


SECRET = PLAIN + CTE + b"base64\r\n\r\n" + uneven(MORE)


def body(boundary: bytes, *parts: bytes) -> bytes:
    """Parts between delimiters."""
    inside = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return inside + b"--" + boundary + b"--\r\n"


def typed(value: bytes, content: bytes) -> bytes:
    """A mail with this Content-Type."""
    return TOP + b"Content-Type: " + value + b"\r\n\r\n" + content
