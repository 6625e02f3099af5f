"""What a word beside a number says about it: labels, as Swedes and their neighbours write them.

From → to: one folded word, or the text before or after a number → `Label`. Swedish compounds are
read by their end: any word in -nummer, -nr or -id that is not about persons labels something else.

Sources: own list, made from the forms, registers and column headings that Swedish authorities
publish; Purview's keyword lists for sit-defn-sweden-national-id and -tax-identification-number.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto


class Label(Enum):
    """What a label is about."""

    PERSON = auto()  # personnummer, fødselsnummer, ...
    BIRTH = auto()  # född, födelsedatum
    LAST = auto()  # sista fyra, suffix
    HUMAN = auto()  # a word for a person: sökande, elev
    ORGANISATION = auto()  # organisationsnummer, VAT
    PHONE = auto()
    OTHER = auto()  # any other number
    NOUN = auto()  # a thing that is often numbered: order, faktura
    NEUTRAL = auto()  # nummer, nr, id
    FUNCTION = auto()  # small words that may stand between a label and its number


_NUMBER = r"(?:n(?:umme)?r|nummer|nummret|numret|numren|nummern?|no|numbers?|numero)"
_PATTERNS = {
    Label.PERSON: rf"""
        p(?:erson(?:al)?|ers)?[.\-:/]?\s?{_NUMBER}(?:et|en|s)?|pnr|prnr|pn|p\.nr|persnum\w*|personn\w*
        |person(?:al)?[\-.]?(?:id|nummer|number|beteckning|signum)\w*|personuppgift\w*
        |(?:id|identitets|identity|identifikations|födelse|födsel|fødsels|samordnings?|samordn|sam|samord|civic
          |medborgar|patient|skatteidentifikations|f|d|tn)[\-.]?{_NUMBER}(?:et|s)?
        |födelse(?:tal|signum)|identitetsbeteckning|tp?in|ssn|nin|nino|cpr\w*|cpr[\-.]n\w+|hetu\w*
        |henkilö\w*tunnu\w*|henkilönumero\w*|sotu|kennital\w*|kt|fnr|f\.nr|dnummer|d-nummer\w*
        |fødselsn\w*|fødselsdato|fodselsn\w*|personnumm?er\w*|samordningsn\w*|personbeteckn\w*|persondata
        |personnumero\w*|signalement""",
    Label.BIRTH: r"född[ae]?|föds|fött|födelse(?:datum|dag|dat|tid|år)\w*|föd(?:d?datum|\.datum)?|fdat\w*|fdatum"
    r"|dob|d\.o\.b|born|birth\w*|birthdate|f|fdd|syntymä\w*|synt|født|fødselsdag|fyllde|fyller",
    Label.LAST: r"sista|slutet|slutar|suffix\w*|ksf|kontrollsiffr\w*|sista4|fyrasista|last4|sistafyra|kontrollnr"
    r"|individnum\w*|ändelse\w*|slutsiffr\w*",
    Label.HUMAN: r"(?:elev|patient|brukar|klient|barn|student|låntagar|deltagar)[\-_]?(?:id|nr|nummer)|sökanden?s?|medsökande\w*|elev(?:en|er|ens)?|barnet?s?|vårdnadshavare\w*|patient(?:en|er|ens)?"
    r"|pat|brukare\w*|klient(?:en|er|ens)?|kund(?:en)?s?|anställd\w*|arbetstagare\w*|medarbetare\w*|gäldenär\w*"
    r"|innehavare\w*|person(?:en|er)?s?|låntagare\w*|resenär\w*|deltagare\w*|make|maka|mamma|pappa|mor|far|fader"
    r"|moder|dotter|son|medborgare\w*|hyresgäst\w*|huvudman\w*|boende|student\w*|förare|namn|name|navn|nimi"
    r"|modtager|borger\w*|kandidat\w*|avliden|avlidne|dödsbo\w*|gode?|man|förvaltare|vikarie\w*|ägare|uppdragstagare"
    r"|firmatecknare|ombud|fullmakt\w*|applicant|pupil|employee|guest|tenant|holder|passenger|passagerare|barn",
    Label.ORGANISATION: rf"org(?:anisations?)?[.\-]?\s?{_NUMBER}\w*|org|orgnr|organisationsn\w+|vat|vat-?n\w+|moms\w*"
    r"|f-skatt\w*|reg(?:istrerings)?[.\-]?nr|företagsn\w+|firman?|momsreg(?:\.nr)?|momsregistreringsnummer|bolag\w*"
    r"|enskild|näringsverksamhet|näringsidkare",
    Label.PHONE: r"tel|tele\w*|tfn|tlf\w*|mob|mobil\w*|ring|ringa|ringer|ringt|sms\w*|växel\w*|fax\w*|jour(?:en|nr|telefon\w*)?|phone\w*|cell\w*|puh|puhelin\w*"
    r"|nås|direkt(?:nr|nummer|telefon)|telefon\w*|whatsapp|kontakttelefon|call",
    Label.OTHER: r"(?:dnr|diarie\w*|ocr|ocr-\w+|bankgiro\w*|bg|b\.g|bgnr|plusgiro\w*|postgiro\w*|pg|iban|bic|swift|swish\w*"
    r"|kid|s/n|sn|imei\w*|imsi|iccid|serial|ref|referens|reference|ean\w*|gtin\w*|isbn\w*|issn|sscc|gln|rsin|cvr\w*"
    r"|viite\w*|y-tunnu\w*|kolli|kolli-?(?:id|nr)|sändnings\w*|tracking\w*|batch\w*|lot|build|version|ver|clearing\w*|uuid|guid|sha\d*"
    r"|md5|hash|checksum|trace\w*|spanid|req\w*|session\w*|token|epoch|timestamp|tidsstämpel|art|art\.nr|po|sku|ip|port"
    r"|mac|vin|tid|seq\w*|offset|rekvisition\w*|requisition\w*|tf-\w+|mät\w*|inventarie\w*|serie\w*|artikel\w*"
    r"|konto\w*nr|account\w*|acct|koordinat\w*|sweref\w*|barcode|streckkod\w*|licens\w*|license\w*|nyckelkod\w*|pin|pinkod\w*|puk)"
    r"|\w{2,}[\-.]?(?:n(?:umme)?r|nummer|nummret|numret|numren|numror?|number|nro|numero|nr:?)s?"
    r"|\w+[\-_](?:id|no|nr|kod|code|ref)|(?:kund|objekt|ärende|kurs|användar|order|case|ticket|spår|grupp|enhets?"
    r"|anläggnings|transaktions|betalnings|larm|device|user|client|customer|flow|message|meddelande|dok|dokument)id"
    r"|\w{3,}(?:beteckning|märkning|referens|koden)",
    Label.NOUN: r"order\w*|\w*faktur\w*|invoice\w*|ärende[nt]?\w*|case|ticket\w*|\w*bokning\w*|booking\w*|konto(?:t|n)?|följesedel\w*"
    r"|paket\w*|försändelse\w*|fastighet\w*|dossier|chassi\w*|verifik\w*|avtal\w*|projekt\w*|kontering\w*"
    r"|anmärkning\w*|\w*kvitto\w*|transaktion\w*|\w*betalning\w*|offert\w*|mål|protokoll\w*|akt|fordran"
    r"|försäkring\w*|abonnemang\w*|sim\w*|kupong\w*|presentkort\w*|biljett\w*|nyckel\w*|lås\w*|skåp\w*"
    r"|hiss\w*|larm\w*|\w*bekräftelse\w*|\w*beställning\w*|\w*arbetsorder\w*|artikel\w*|modell\w*|model|enhet\w*"
    r"|apparat\w*|maskin\w*|mätare\w*|givare\w*|sensor\w*|ritning\w*|certifikat\w*|leverans\w*"
    r"|container\w*|pall|parti|kollin|server|switch|skärm\w*|dator\w*"
    r"|inköp\w*|krav\w*|avi\w*|reklamation\w*|retur\w*|incident\w*|felanmälan|rekvisition\w*|utskick\w*"
    r"|kampanj\w*|kurs\w*|kod(?:en)?|code|part|item|asset|unit|device|meter|tilaus\w*|lasku\w*|faktuur\w*|ordre\w*"
    r"|sag|saks?nr|bestilling\w*|datum|date|tid|time",
    Label.NEUTRAL: rf"{_NUMBER}|nr\.|no\.|id|id-?kort|legitimation\w*|leg|siffror\w*|identitet\w*|tunnus",
    Label.FUNCTION: r"är|e|hos|er|ert|era|vårt|vår|våra|din|ditt|mitt|min|hans|hennes|deras|sitt|sin|detsamma|som|samma"
    r"|alltså|dvs|med|har|hade|på|till|från|för|av|om|och|eller|samt|den|det|de|i|in|is|the|of|my|your|his|her|their|s"
    r"|enligt|nedan|följande|under|ni|vi|jag|du|hon|han|dem|nu|heter|ska|skall|vara|blir|bli|att|men|fick|frågade|efter"
    r"|står|gäller|avser|märk|ange|anges|uppge|skriv|and|for|with|mukaan|on|ja|og|er|med|til|nytt|nya|gammal|gamla|ny"
    r"|rätt|fel|fullständigt|fullständiga|hela|with|was|var|vid|ett|en|two|in|ut|mot",
}
_CLASSIFY = re.compile(
    "|".join(f"(?P<{label.name}>(?:{pattern}))" for label, pattern in _PATTERNS.items()), re.VERBOSE
)
_QUALIFIERS = frozenset(
    ["personal", "personliga", "personligt", "personlig", "identity", "identitets", "civic", "coordination", "security", "national", "pers", "svenskt", "svenska", "swedish", "norwegian", "danish", "finnish", "norskt", "danskt", "finskt", "id", "birth", "födelse", "social"]
)
# "fakturan till 811228-9874": the number is the person's, not the invoice's.
_OWNING = frozenset(["för", "till", "från", "av", "hos", "med", "om", "gäller", "avser", "vid", "på", "for", "from", "to", "of"])
TOKEN = re.compile(
    r"(?P<number>\d[\d.:/+\-]*)|(?P<word>[^\W\d_]+(?:[.\-/&][^\W\d_]+)*)|(?P<stop>[.!?](?=\s)|\n)"
)


def classify(word: str) -> Label | None:
    """The label that one folded word is, by the whole of it."""
    match = _CLASSIFY.fullmatch(word)
    return Label[match.lastgroup] if match and match.lastgroup else None


@dataclass(frozen=True, slots=True)
class Reading:
    """The nearest label of a number and how sure it is that it belongs to it."""

    label: Label | None
    near: bool


NOTHING = Reading(None, near=False)


def read_before(before: str, shape: str, wanted: frozenset[Label] | None = None) -> Reading:
    """The label that governs a number, from the text before it; `shape` is the number with 0 for
    each digit: an earlier number of the same shape shares its label ("art.nr A men fick B")."""
    tokens = list(TOKEN.finditer(before))[-24:]
    words = 0  # content words passed since the number
    crossed = shared = owned = False
    at = len(tokens) - 1
    while at >= 0:
        token = tokens[at]
        at -= 1
        if token["stop"]:
            crossed = True
        elif number := token["number"]:
            if re.sub(r"\d", "0", number.rstrip(".:/+-")) == shape:
                shared, words = True, 0
            else:
                at = _skip_label(tokens, at)
                words += 1
        else:
            label = classify(token["word"])
            if label is Label.NEUTRAL:
                label = _qualified(tokens, at)
            if label is Label.NOUN and (words > 0 or owned or (crossed and not shared)):
                label = None
            owned = owned or token["word"] in _OWNING
            if label not in (None, Label.FUNCTION) and (wanted is None or label in wanted):
                return Reading(label, near=not crossed and words <= 2)
            words += label is None
    return NOTHING


def _skip_label(tokens: list[re.Match[str]], at: int) -> int:
    """Past the label that an earlier, other number has used up ("Diarienummer: SN 2025-0142")."""
    for _ in range(4):
        word = tokens[at]["word"] if at >= 0 else None
        label = classify(word) if word else None
        if not word or label is Label.HUMAN or (label is None and len(word) > 4):
            return at
        at -= 1
        if label not in (None, Label.FUNCTION, Label.NEUTRAL) and len(word) > 4:
            return at
    return at


def _qualified(tokens: list[re.Match[str]], at: int) -> Label:
    """What "nr", "nummer" or "id" means after the word before it."""
    word = tokens[at]["word"] if at >= 0 else None
    if not word:
        return Label.NEUTRAL
    if word in _QUALIFIERS:
        return Label.PERSON
    label = classify(word)
    if tokens[at + 1]["word"].startswith(("numr", "nummr")) and label is None:
        return Label.NEUTRAL
    if label in (Label.PERSON, Label.ORGANISATION, Label.PHONE, Label.OTHER):
        return label
    return (
        Label.NEUTRAL
        if label in (Label.FUNCTION, Label.HUMAN, Label.NEUTRAL, Label.BIRTH)
        else Label.OTHER
    )


def read_after(after: str) -> Reading:
    """A label behind a number on its line, unless it belongs to a number of its own."""
    words = 0
    tokens = list(TOKEN.finditer(after))[:6]
    for at, token in enumerate(tokens):
        if token["stop"] or token["number"]:
            break
        label = classify(token["word"])
        if label in (Label.PERSON, Label.OTHER, Label.ORGANISATION, Label.PHONE):
            following = tokens[at + 1] if at + 1 < len(tokens) else None
            owns = following is not None and following["number"]
            return NOTHING if owns else Reading(label, near=words <= 1)
        words += label is None
    return NOTHING


def read_heading(cell: str) -> Label | None:
    """What a column holds, by its heading."""
    labels = [
        label for word in TOKEN.finditer(cell) if word["word"] and (label := classify(word["word"]))
    ]
    for label in Label:
        if label in labels:
            return label
    return None
