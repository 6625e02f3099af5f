"""What tests ask of a parsed message: what stands in it as text, and whether it was understood."""

from mailfilter.model import Class, Message
from mailfilter.parse.charset import codec, fallback

NUMBER = "191212121212"  # the well-known test number


def content(message: Message) -> str:
    """All text of a message, the parts decoded as their charset says."""
    pieces = [text.content for text in message.texts]
    for part in message.parts:
        python_codec = codec(part.charset) if part.charset else ""
        if python_codec:
            pieces.append(part.data.decode(python_codec, "replace"))
        pieces.append(fallback(part.data))
        pieces.append(part.name)
    return "\n".join(pieces)


def shows(message: Message, number: str = NUMBER) -> bool:
    """Whether the number can be read somewhere in the message."""
    return number in content(message).replace(" ", "")


def understood(message: Message) -> bool:
    """Whether nothing is unexamined but what is protected for the recipient."""
    return all(defect.cls is Class.PROTECTED for defect in message.defects)


def reasons(message: Message) -> set[str]:
    """The reason codes of what was not examined."""
    return {defect.reason for defect in message.defects}


def crlf(text: str | bytes) -> bytes:
    """Text with LF as bytes with CRLF."""
    data = text.encode() if isinstance(text, str) else text
    return data.replace(b"\n", b"\r\n")
