"""Whether a text is Swedish or English, for the language of the notice.

From → to: the first bytes of the body → "sv" or "en". Counts a few small words; a tie is Swedish,
the language of those whose mail this is.
"""

LOOKED_AT = 1500
_SWEDISH = (b" och ", b" att ", b" som ", b" en ")
_ENGLISH = (b" the ", b" and ", b" to ", b" of ")


def guess(content: bytes) -> str:
    """The likelier language; `content` in any encoding that keeps ASCII."""
    text = content[:LOOKED_AT].lower()
    english = sum(map(text.count, _ENGLISH))
    return "en" if english and english > sum(map(text.count, _SWEDISH)) else "sv"
