"""Is a text general (course, statistics, job advertisement, IT) or about one person?

From → to: lower-case text → points that are taken from a finding's score, 0 to `LIMIT`.
The cues and their weights are the table ``health_data/genre.txt``; each counts once. A weight with
an "n" is a cue of news, sports and history, which counts little in a letter.

Invariant: linear; only the first `READ` characters are read.
Known gap: a general text without any of the cues, a short notice for instance.
"""

import re
from functools import cache

from ahocorasick_rs import AhoCorasick, MatchKind

from .terms import read_lines

LIMIT = 5.0
NEWS_IN_LETTER = 0.2
GENERIC_POINTS = 1.5
OLD_POINTS = 3.0
READ = 12_000
_GROUP = (
    "barn|elever|personer|patienter|äldre|vuxna|unga|människor|kvinnor|män|medarbetare|anställda"
)
_GENERIC = re.compile(
    rf"\b(?:(?:alla|den|de|dem|dig|du|er|ni|någon|{_GROUP}) som"
    rf"|(?<!\ben )(?<!\bett )(?<!\bvåra )(?:{_GROUP}) (?:med|i|på|har|kan|får)"
    r"|(?:those|people|patients|anyone|anybody|everyone) (?:who|with)"
    r"|(?<!även )(?<!som )om"
    r" (?:du|ni|man|en|ett|någon|någons|barnet|eleven|medarbetaren|brukaren)\b"
    r"(?! (?:vecka|månad|timme|stund|kvart|dag|halvtimme|år)\b)"
    r"|(?:when|if) (?:you|a|an)\b"
    r"|(?:har|kan|ska|bör|får|är|blir|måste|behöver|att|om|när|som|då) man\b"
    r"|(?<!en )(?<!ung )(?<!ny )man (?:har|kan|ska|bör|får|är|blir|måste|behöver)\b"
    r"|(?:oftast|vanligen|vanligtvis|kan (?:också|även|ibland|behöva|bli|då|få))\b"
    r"|visste du|vad betyder|(?:gruppen|grupp|cirkel|träff) för"
    r"|hos (?:barn|äldre|vuxna|unga|personer|elever|kvinnor|män|ungdomar)"
    r"|vid misstanke|misstänker du"
    r"|(?:många|flera|fler|vissa|några|antalet|hur många|samtliga|varje|var tredje|var fjärde"
    r"|var femte|var tionde|två|tre|fyra|fem|sex|tio|\d+) "
    rf"(?:{_GROUP}|av |fall|elev|patient|medarbetare|brukare)"
    r"|risk för |kan (?:orsaka|leda till|ge |vara tecken)|orsakas av|vanligaste|vanligt att"
    r"|ökad risk|förebygg|prevention"
    r"|(?:föredrag|föreläsning|information|utbildning|kurs|broschyr|rapport|artikel|avsnitt"
    r"|seminari|material|kunskap|riktlinje|rutin|policy|statistik|enkät|projekt|kampanj|arbete"
    r"|film|föreställning|podd|program|diskussion|samtal|fråga|bok|bild|motion|uppsats)"
    r"[a-zåäö]{0,6}(?: i går)? (?:om|kring|mot|över) "
    r"|\d \w*(?:olyckor|skador|tillbud|anmälningar)\b"
    r"|hver fjerde|hver tredje|i personalen|bland (?:unga|äldre|barn|elever|personal|lærere))"
    r"|\d ?(?:%|procent)(?! tom|\s*sjuk|[ -]*(?:till|t\.?o\.?m))"
)


# The "1" leads, since a literal is found fast.
_OLD_YEAR = re.compile(
    r"1(?<![\d.:–-]1)(?<!\bkl 1)(?<!\bnr 1)(?<!\bi 1)(?<!\blgh 1)(?<!kl\. 1)[5-8]\d\d(?![\d:-])"
    r"(?! ?(?:kr|sek|kcal|mg|ml|gr?|meter|st|kronor)\b)"
)


@cache
def _table() -> tuple[AhoCorasick, list[float], list[float]]:
    """The automaton, and the weights of its cues outside and inside letters."""
    pairs = [line.split(" ", 1) for line in read_lines("genre")]
    weights = [float(weight.rstrip("n")) for weight, _ in pairs]
    in_letter = [
        value * NEWS_IN_LETTER if weight.endswith("n") else value
        for value, (weight, _) in zip(weights, pairs, strict=True)
    ]
    cues = [cue for _, cue in pairs]
    return AhoCorasick(cues, matchkind=MatchKind.Standard), weights, in_letter


def general(text: str, letter: bool = False) -> float:
    """Points for a general text; what marks news says little in a `letter`."""
    automaton, outside, inside = _table()
    weights = inside if letter else outside
    found = automaton.find_matches_as_indexes(text[:READ], overlapping=True)
    read = {index for index, start, _ in found if not (start and text[start - 1].isalpha())}
    points = sum(weights[index] for index in read)
    return min(max(points, 0.0), LIMIT)


def generic(sentence: str) -> bool:
    """Does the sentence speak of anybody in a group: "den som", "om du", "personer med"?"""
    return _GENERIC.search(sentence) is not None


def sentence_points(sentence: str, letter: bool) -> float:
    """Points for a general sentence, or for one of a year of which nobody is alive."""
    past = not letter and _OLD_YEAR.search(sentence) is not None
    return GENERIC_POINTS * generic(sentence) + OLD_POINTS * past
