"""What the report says, in Swedish and English. Codes that are not named here print as they are."""

WORDS: dict[str, dict[str, str]] = {
    "sv": {
        "title": "Utgående e-post, vecka {week}",
        "days": "{first} till {last}",
        "total": "Granskade mejl: {n} (veckan före: {before})",
        "protected": "Mejl till skyddade mottagare, som inte syns någon annanstans: {n}"
        " (veckan före: {before})",
        "small": "Antal under 5 skrivs <5. En asterisk (*) döljer ett tal som annars skulle"
        " avslöja ett sådant. Talen innehåller inga personuppgifter.",
        "crash": "Antalen för mejl utan fynd kan sakna upp till fem sekunder efter ett"
        " driftavbrott. Stoppade mejl räknas alltid.",
        "anchor": "Granskningsloggens senaste rad är {seq} med kontrollsumman {hash}."
        " Spara den: med den kan någon annan kontrollera loggen.",
        "before": "veckan före",
        "per-mille": "per 1 000 mejl",
        "none": "Inga.",
        "all": "Alla",
        "messages": "Mejl per förvaltning och åtgärd",
        "directions": "Mejl per riktning",
        "kinds": "Mejl med fynd, per typ av uppgift",
        "unread": "Mejl med delar som inte kunde granskas, per orsak",
        "unread-note": "”Skickat” är antalet som gick ut utan att allt i dem hade granskats.",
        "rules": "Mejl per regel som bestämde",
        "observed": "Regler under prövning: vad de skulle ha gjort",
        "senders": "Vad avsändare själva gjorde med stoppade mejl",
        "act-secure": "skickade säkert",
        "act-quote": "skickade utan citatet",
        "act-not-health": "skickade: inte någons hälsa (obekräftat falskt larm)",
        "act-review": "bad om granskning",
        "act-false-alarm": "anmälde falskt larm",
        "act-pickup-sent": "skickade säkert (hämtning)",
        "act-pickup-read": "mottagaren läste",
        "act-pickup-answered": "mottagaren svarade",
        "act-pickup-stuck": "mottagaren kunde inte öppna",
        "act-pickup-locked": "låst efter fem felaktiga koder",
        "act-pickup-bounced": "länken kom tillbaka",
        "act-pickup-withdrawn": "återtog efter sändning",
        "act-pickup-telephone": "löstes per telefon",
        "act-pickup-letter": "löstes per brev",
        "act-pickup-meeting": "löstes vid besök",
        "act-withdraw": "återtog",
        "act-check": "kontrollerade före sändning",
        "act-override": "skickade som det är",
        "chart": "Mejl som inte skickades direkt",
        "relay": "skickat",
        "redirect": "säker tjänst",
        "ask": "avsändaren avgör",
        "quarantine": "hållet",
        "reject": "nekat",
        "external": "till andra",
        "internal": "inom organisationen",
        "se.personnummer": "Personnummer",
        "se.samordningsnummer": "Samordningsnummer",
        "se.reservnummer": "Reservnummer eller T-nummer",
        "se.fodelsetid": "Födelsedatum, fyra sista dolda",
        "se.passnummer": "Nummer på pass eller id-kort",
        "se.lma-nummer": "LMA- eller dossiernummer",
        "fi.henkilotunnus": "Finskt personnummer",
        "no.fodselsnummer": "Norskt personnummer",
        "dk.cpr": "Danskt personnummer",
        "is.kennitala": "Isländskt personnummer",
        "health": "Hälsa",
        "social-care": "Socialtjänst",
        "cloud-link": "Länk till fildelning",
        "encrypted": "Krypterat",
        "broken": "Skadat",
        "ambiguous": "Tvetydigt",
        "over-limit": "För stort",
        "crashed": "Läsningen misslyckades",
        "unread-class": "Gick inte att läsa",
        "unsupported": "Filtyp som inte läses",
        "protected-for-recipient": "Krypterat för mottagaren",
        "cloud-attachment": "Fil i molntjänst",
    },
    "en": {
        "title": "Outgoing mail, week {week}",
        "days": "{first} to {last}",
        "total": "Mails inspected: {n} (the week before: {before})",
        "protected": "Mails to protected recipients, which are shown nowhere else: {n}"
        " (the week before: {before})",
        "small": "Counts under 5 print as <5. An asterisk (*) hides a number that would give one"
        " of those away. There is no personal data in these numbers.",
        "crash": "Counters of mail without findings may lack up to five seconds after a crash."
        " Stopped mail is always counted.",
        "anchor": "The last line of the audit log is {seq}, its checksum {hash}."
        " Keep it: with it somebody else can verify the log.",
        "before": "the week before",
        "per-mille": "per 1,000 mails",
        "none": "None.",
        "all": "All",
        "messages": "Mails by department and action",
        "directions": "Mails by direction",
        "kinds": "Mails with findings, by kind",
        "unread": "Mails with parts that could not be examined, by cause",
        "unread-note": "“Relayed” is the number that left without all of it being inspected.",
        "rules": "Mails by the rule that decided",
        "observed": "Rules on trial: what they would have done",
        "senders": "What senders did themselves with stopped mail",
        "act-secure": "sent it securely",
        "act-quote": "sent it without the quoted part",
        "act-not-health": "sent it: nobody's health (unconfirmed false alarm)",
        "act-review": "asked for a review",
        "act-false-alarm": "reported a false alarm",
        "act-pickup-sent": "sent securely (pickup)",
        "act-pickup-read": "the recipient read it",
        "act-pickup-answered": "the recipient answered",
        "act-pickup-stuck": "the recipient could not open it",
        "act-pickup-locked": "locked after five wrong codes",
        "act-pickup-bounced": "the link came back",
        "act-pickup-withdrawn": "withdrawn after sending",
        "act-pickup-telephone": "solved by telephone",
        "act-pickup-letter": "solved by letter",
        "act-pickup-meeting": "solved in a meeting",
        "act-withdraw": "took it back",
        "act-check": "checked before sending",
        "act-override": "sent it as it is",
        "chart": "Mails that were not relayed directly",
        "relay": "relayed",
        "redirect": "secure service",
        "ask": "the sender decides",
        "quarantine": "held",
        "reject": "refused",
        "external": "to others",
        "internal": "within the organisation",
        "se.personnummer": "Swedish identity number",
        "se.samordningsnummer": "Swedish coordination number",
        "se.reservnummer": "Swedish reserve or T-number",
        "se.fodelsetid": "Birth date, last four hidden",
        "se.passnummer": "Number of a passport or identity card",
        "se.lma-nummer": "LMA or case file number of an asylum seeker",
        "fi.henkilotunnus": "Finnish identity number",
        "no.fodselsnummer": "Norwegian identity number",
        "dk.cpr": "Danish identity number",
        "is.kennitala": "Icelandic identity number",
        "health": "Health",
        "social-care": "Social care",
        "cloud-link": "Link to file sharing",
        "encrypted": "Encrypted",
        "broken": "Broken",
        "ambiguous": "Ambiguous",
        "over-limit": "Too large",
        "crashed": "Reading failed",
        "unread-class": "Cannot be read",
        "unsupported": "Not read",
        "protected-for-recipient": "Encrypted for the recipient",
        "cloud-attachment": "File in a cloud service",
    },
}


def say(key: str, language: str, **values: object) -> str:
    """A sentence or a column's name; English where the language is not known."""
    return WORDS.get(language, WORDS["en"])[key].format(**values)


def label(code: str, language: str, *, unread: bool = False) -> str:
    """The name of a code: an action, kind, class or direction; anything else is its own name."""
    words = WORDS.get(language, WORDS["en"])
    if code == "*":
        return words["all"]
    if unread and code == "unread":
        return words["unread-class"]
    return words.get(code, code) if code in _CODES else code


_SENTENCES = frozenset(
    {
        *("title", "days", "total", "protected", "small", "crash", "anchor", "before", "per-mille"),
        *("none", "all", "messages", "directions", "kinds", "unread", "unread-note", "rules"),
        *("observed", "senders", "chart", "unread-class"),
    }
)
_CODES = frozenset(WORDS["sv"]) - _SENTENCES
