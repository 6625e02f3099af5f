"""Roles in a plain text: what is written now, what is quoted, what is signature.

From → to: ``split(text)`` → ((offset, Role), ...), sorted, the first at 0.

A line that begins with ``>`` is quoted, and the text goes on after it. A separator of Outlook
("-----Ursprungligt meddelande-----", a block of "Från: ... Skickat: ...") or a line like "Den 3
mars 2026 kl. 10:15 skrev Anna:" begins quoted history that lasts to the end; if lines with ``>``
follow, only as long as they do. A signature begins at ``-- ``, at a closing phrase or at a
disclaimer, and ends at quoted history or after `SIGNATURE_LINES` lines: who writes on below it is
not hidden.

Invariants: one pass over the lines; only a line whose first three letters begin one of the phrases
is looked at closer, and no expression looks further than `HEAD` characters. Sources: Outlook,
Exchange, Apple Mail, Gmail, Thunderbird and GroupWise in Swedish, Norwegian, Danish, Finnish,
German and English. Known gap: HTML mail has marks of its own, see ``extract``.
"""

import re
from itertools import product

from detectors import Role

SIGNATURE_LINES = 25
HEAD = 200
_BLOCK = 6  # lines of an Outlook header block

Split = tuple[tuple[int, Role], ...]

_SEPARATOR = re.compile(
    r"-{2,10}\s?(?:Ursprungligt meddelande|Vidarebefordrat (?:meddelande|brev)"
    r"|Original (?:message|appointment)|Opprinnelig melding|Oprindelig meddelelse"
    r"|Videresendt (?:melding|meddelelse|besked)|Alkuperäinen viesti|Välitetty viesti"
    r"|Ursprüngliche Nachricht|Weitergeleitete Nachricht|Message d'origine|Message transféré"
    r"|Forwarded (?:message|by))|(?:Vidarebefordrat brev|Begin forwarded message):",
    re.IGNORECASE,
)
_FROM = re.compile(r"[*_]{0,2}(?:Från|From|Fra|Von|Lähettäjä)\s?:[*_]{0,2}\s{0,4}\S", re.IGNORECASE)
_SENT = re.compile(
    r"\s{0,4}[*_]{0,2}(?:Skickat|Datum|Sent|Date|Sendt|Dato|Lähetetty|Päivämäärä"
    r"|Skickat\sden|Gesendet|Till|To|Til|An|Vastaanottaja|Kopia|Cc|Ämne|Rubrik|Subject|Emne|Aihe"
    r"|Betreff)\s?:",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"Med\s(?:vänliga?\shälsning(?:ar)?|bästa\shälsningar?|vennlig\shilsen|venlig\shilsen)\b"
    r"|(?:Bästa|Vänliga?|Varma|Soliga|Goda|Många)\shälsning(?:ar)?\b|"
    r"Hälsning(?:ar|en)?[ ,!]{0,3}\r?$"
    r"|M\.?v\.?h\b|Vh[ ,!]{0,3}\r?$|Vänligen[ ,]{0,3}\r?$|(?:Kind|Best|Warm)\sregards|Regards\b"
    r"|Yours\s(?:sincerely|faithfully)|Sincerely\b|Vennlig\shilsen|Venlig\shilsen|Hilsen\b"
    r"|Ystävällisin\sterveisin|Terveisin\b|Skickat\sfrån\smin|Sent\sfrom\smy"
    r"|Hämta\sOutlook\sför|Get\sOutlook\sfor",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"Detta\s(?:e-post)?meddelande(?:t)?\s(?:är|kan|innehåller|och)\b|Informationen\si\sdetta"
    r"|(?:This|The\sinformation\sin\sthis)\s(?:e-?mail|message)\s(?:is|and|may|contains)\b"
    r"|Så\shär\sbehandlar\s(?:vi|kommunen)|När\sdu\s(?:skickar|mejlar|kontaktar)[^\n]{0,80}uppgifter"
    r"|Läs\s(?:mer\s)?om\shur\s(?:vi|kommunen)|Tänk\spå\smiljön"
    r"|Please\sconsider\sthe\senvironment|Vi\sbehandlar\sdina\spersonuppgifter",
    re.IGNORECASE,
)
_WROTE = (" skrev", " wrote", " kirjoitti", " schrieb", " a écrit")
_DIGIT = re.compile(r"\d")
_COLON = re.compile(r":.{0,3}(?:\n|\Z)", re.DOTALL)  # what `_wrote` asks for, and a little more
_BLANK = ("", "\r")
_INDENTED = re.compile(r"\n(?:>|[^\S\n\r]|\r(?!\n|\Z))")  # a line that begins with one of `_FIRST`
# The first three letters of all phrases above; other lines are what the line before was.
_QUOTE_STARTS = frozenset(
    (
        "---",
        "-- ",
        "vid",
        "beg",
        "frå",
        "fro",
        "fra",
        "läh",
        "*fr",
        "**f",
        "von",
        "*vo",
        "*lä",
        "_fr",
        "den",
        "on ",
    )
)
_CLOSING_STARTS = frozenset(
    ("med", "bäs", "vän", "var", "sol", "god", "mån", "häl", "mvh", "m.v", "mv.", "vh", "vh ",
     "vh,", "vh!", "vh\r", "kin", "bes", "war", "reg", "you", "sin", "ven", "hil", "yst", "ter",
     "ski", "sen", "häm", "get")
)  # fmt: skip
_DISCLAIMER_STARTS = frozenset(
    ("det", "inf", "thi", "the", "så ", "när", "läs", "tän", "ple", "vi ")
)
_PHRASES = {
    **dict.fromkeys(_DISCLAIMER_STARTS, _DISCLAIMER),
    **dict.fromkeys(_CLOSING_STARTS, _CLOSING),
}
# The same in every mixture of capitals: to look up is faster than to make lower case.
_STARTS = frozenset(
    "".join(letters)
    for start in _QUOTE_STARTS | _CLOSING_STARTS | _DISCLAIMER_STARTS | {"--", "--\r"}
    for letters in product(*({letter, letter.upper()} for letter in start))
)
_FIRST = frozenset([">", *filter(str.isspace, map(chr, range(0x3001)))])  # a mark, or indented


def split(text: str) -> Split:
    """The roles of the stretches of `text`.

    >>> split("Hej!\\n> Ditt brev\\n")[1]
    (5, <Role.QUOTE: 'quote'>)
    """
    lines = text.split("\n")
    telling = _telling(text, lines)
    if 1 not in telling:
        return ((0, Role.BODY),)
    roles: list[tuple[int, Role]] = []
    now, offset, left = Role.BODY, 0, 0
    number = -1
    while (number := number + 1) < len(lines):
        if now is Role.BODY and roles:  # most lines of most mails say nothing
            passed, number = number, _next(lines, number, telling)
            if number < 0:
                break
            offset += sum(map(len, lines[passed:number])) + number - passed
        line, role = lines[number], now
        if line not in _BLANK:
            found, to_the_end = _begun(line, lines, number, telling)
            if to_the_end:
                return _add(roles, offset, Role.QUOTE)
            if found is not None:
                role, left = found, SIGNATURE_LINES
            elif now is Role.QUOTE:
                role = Role.BODY
            elif now is Role.SIGNATURE:
                left -= 1
                role = Role.SIGNATURE if left else Role.BODY
        if role is not now or not roles:
            _add(roles, offset, role)
            now = role
        offset += len(line) + 1
    return tuple(roles)


def _next(lines: list[str], number: int, telling: bytes) -> int:
    """The next line from there on that begins something, -1 if none does."""
    number = telling.find(1, number)
    while number >= 0 and _begun(lines[number], lines, number, telling)[0] is None:
        number = telling.find(1, number + 1)
    return number


def _begun(line: str, lines: list[str], number: int, telling: bytes) -> tuple[Role | None, bool]:
    """(the role that begins at this line, whether it is all that follows)."""
    if line[:1] == ">":
        return Role.QUOTE, _is_groupwise(line) and not _marked_lines_follow(lines, number)
    found = _begins(line.lstrip(), lines, number) if telling[number] else None
    return found, found is Role.QUOTE and not _marked_lines_follow(lines, number)


def _telling(text: str, lines: list[str]) -> bytes:
    """For each line whether it may begin something: all where letters have odd capitals.

    A byte a line: the numbers of four million blank lines took 500 MiB.
    """
    if "\u212a" in text or "\u212b" in text:  # the signs of Kelvin and Ångström
        return b"\1" * len(lines)
    first = lines[0] not in _BLANK and lines[0][:1] in _FIRST
    if not (first or _INDENTED.search(text) or _COLON.search(text)):
        return bytes(map(_STARTS.__contains__, [line[:3] for line in lines]))
    return bytes([line[:3] in _STARTS or ":" in line[-4:] or line[:1] in _FIRST for line in lines])


def _add(roles: list[tuple[int, Role]], offset: int, role: Role) -> Split:
    roles.append((offset, role))
    return tuple(roles)


def _begins(line: str, lines: list[str], number: int) -> Role | None:
    """The role that begins at this line, if one does."""
    start = line[:3].lower()
    if start in _PHRASES:
        if _PHRASES[start].match(line[:HEAD]):
            return Role.SIGNATURE
    elif start in _QUOTE_STARTS:
        if line.rstrip("\r") == "-- ":
            return Role.SIGNATURE
        if _SEPARATOR.match(line) or _is_header_block(line, lines, number):
            return Role.QUOTE
        if start in ("den", "on ") and _wrote(
            line[:HEAD] + " ".join(lines[number + 1 : number + 2])
        ):
            return Role.QUOTE
    if ":" in line[-3:] and _wrote(line):
        return Role.QUOTE
    return Role.SIGNATURE if line.rstrip("\r") == "--" else None


def _wrote(line: str) -> bool:
    """Whether a line says "Den 3 mars 2026 skrev Anna Ek:"; Gmail breaks it over two lines."""
    if ":" not in line:
        return False
    line = line.rstrip()[: 2 * HEAD]
    return line.endswith(":") and any(word in line for word in _WROTE) and bool(_DIGIT.search(line))


def _is_groupwise(line: str) -> bool:
    """ ">>> Anna Ek <a@b> 2026-03-03 10:15 >>>", below which nothing is marked."""
    return line[:4] == ">>> " and line.rstrip()[-4:] == " >>>"


def _is_header_block(line: str, lines: list[str], number: int) -> bool:
    """Whether Från: is followed by Skickat:, Till: or their like."""
    if not _FROM.match(line):
        return False
    following = lines[number + 1 : number + _BLOCK]
    return sum(1 for each in following if _SENT.match(each)) >= 2


def _marked_lines_follow(lines: list[str], number: int) -> bool:
    return any(each[:1] == ">" for each in lines[number + 1 : number + 4])
