"""Look-alikes: harmless numbers in the places where offices write them.

From → to: a seeded `Random` → (class, text). Most are made so that they pass the check digit and
hold a date, since only those can be mistaken; they live in memory and are never printed.
Part of the benchmark; CC0.
"""

from collections.abc import Iterator
from random import Random

NEUTRAL = (
    "Vi har fått in {} och lämnar det vidare.",
    "Uppgiften {} finns med i underlaget från i våras.",
    "Jämför gärna med {} innan du svarar.",
    "Det stod {} på lappen.",
    "Enligt listan är det {} som gäller.",
)
PHONE_SPELLINGS = (
    "{0}-{1}{2}{3}",
    "{0}-{1} {2} {3}",
    "{0} {1} {2} {3}",
    "{0}{1}{2}{3}",
    "{0} - {1} {2} {3}",
    "{0}/{1} {2} {3}",
    "({0}) {1} {2} {3}",
    "{0}.{1}.{2}.{3}",
    "+46 {4} {1} {2} {3}",
    "+46{4}{1}{2}{3}",
    "0046{4}{1}{2}{3}",
    "{0}\xa0{1}\xa0{2}\xa0{3}",
)
PHONE = (
    "Ring mig på {} så tar vi det.",
    "Mobil: {}",
    "Tel. {} (vardagar 8-16)",
    "Du når mig på {} hela veckan.",
    "Med vänlig hälsning\nÅsa Berg\nHandläggare\n{}",
    "Växel {} eller direkt till avdelningen.",
    "Sms:a {} när du är framme.",
)
REFERENCES = {
    "OCR": (
        "OCR-nummer: {}",
        "Betala till bankgiro med OCR {} senast den 30.",
        "Ange OCR-nr {} vid inbetalning.",
        "Referens (OCR): {}. Förfallodag 2026-11-30.",
        "OCR\t{}\nBelopp\t1 240,00",
    ),
    "invoice": (
        "Fakturanummer {} är betald.",
        "Faktura {} från leverantören stämmer inte.",
        "Påminnelse på faktura nr {}.",
        "Fakturanr: {}\nFakturadatum: 2026-10-31",
        "Kreditfaktura {} bifogas.",
        "Ert kundnummer är {}.",
    ),
    "case": (
        "Ärendenummer {} är avslutat.",
        "Vi har registrerat ditt ärende med nummer {}.",
        "Diarienummer: {}",
        "Dnr {} enligt registraturen.",
        "Se ärende {} i ärendesystemet.",
        "Ordernummer {} skickades i går.",
        "Er referens {} och vår referens 4711.",
    ),
    "log": (
        "2026-11-12 08:14:22 INFO job={} status=ok",
        "Nov 12 08:14:22 srv01 postfix/smtp[2211]: {}: removed",
        "[2026-11-12T08:14:22Z] request {} completed in 31 ms",
        "2026-11-12 08:14:22.031 WARN retry id {} attempt 2",
    ),
}
ELSEWHERE = (  # what stands beside other numbers in offices; written bare
    "Avi-nr {} har gått till inkasso.",
    "Autogiroanmälan {} är makulerad.",
    "Betalningsreferens: {}",
    "Meddelande/OCR {}",
    "Fakturan {} förfaller den 30:e",
    "Betalningspåminnelse avseende faktura {}",
    "Inv no {} dated 2026-10-01",
    "Invoice {} is overdue",
    "PO {} has been shipped",
    "Purchase order no. {}",
    "Kundnr {}",
    "Avtalsnummer: {}",
    "Avtal {} löper ut vid årsskiftet",
    "Kontraktsnr. {}",
    "Ordererkännande {}",
    "Följesedel nr {}",
    "Leveransavisering, kolli-id {}",
    "Spårningsnummer {}",
    "PostNord-försändelse {} väntar på utlämning",
    "Retursedel {}",
    "Bokningsnummer {} för tågresan",
    "Bokningskod: {}",
    "Biljett {}",
    "Serienummer: {}",
    "S/N {}",
    "Inventarienr {} (projektor sal 4)",
    "IMEI {}",
    "Artikelnr {} beställs åter i vecka 40",
    "Art.nr: {}",
    "Mät-id {}",
    "Mätare {} visar fel",
    "Fastighets-id {}",
    "Objektnr {}",
    "Hyreskontrakt nr {}",
    "Lägenhetsnummer {}",
    "Reg.nr för pumpen: {}",
    "Diarienr {}",
    "Vårt dnr: {}",
    "Ärende-ID: {}",
    "Ärende {} stängt av IT-supporten",
    "Incident {} är löst",
    "Ticket #{} updated",
    "Case ID {}",
    "Kvittonummer {}",
    "Verifikat {} saknar attest",
    "Ver.nr {}",
    "Kontering {} ska rättas",
    "Projektnr {}",
    "Kostnadsställe {}",
    "Transaktions-id: {}",
    "Swish-referens {}",
    "Bankkonto {}",
    "Kontonummer {}",
    "Clearing 8327-9, konto {}",
    "Kortnummer {}",
    "Medlemsnummer {}",
    "Licensnyckel {}",
    "Produkt-ID {}",
    "Session {}",
    "Möteskod: {}",
    "Meeting ID: {}",
    "Teams-mötes-ID {}",
    "Zoom {} lösenord 1234",
    "Konferens-ID {}#",
    "Larmkod {}",
    "Nyckel nr {}",
    "Streckkod {}",
    "EAN {}",
    "ISBN {}",
    "https://example.se/arende/{}/visa",
    "https://example.se/?id={}&lang=sv",
    "file{}.tmp",
    "Ref: {}",
    "Er ref. {}",
    "Vår ref {} / {}",
    "id={}",
    "user_id: {}",
    '{{"id": {}}}',
    "<id>{}</id>",
    "Koordinater N {} E 674571",
    "Rapport {} från analyslabbet",
    "Provnummer {}",
    "Lab-id {}",
    "Batch {}",
    "Parti {}",
    "Rekvisition {}",
    "Beställningsnr {}",
    "Upphandling {}",
    "Anbud {}",
    "Utbetalningsavi {}",
    "Skuldnr {}",
    "Målnr {}",
    "Försäkringsnr {}",
    "Skadenummer {}",
    "Polisens dnr {}",
    "K-nummer {}",
    "Startnummer {}",
    "Lånekort {}",
    "Bibliotekskort {}",
)
TIMESTAMPS = (
    "scan_{}.pdf",
    "Bilaga: Skannat_{}.pdf",
    "Filen heter backup-{}.zip",
    "Senast ändrad {}",
    "export_{}.csv skapades i natt",
    "Körning {} klar",
    "Tidsstämpel: {}",
)
ORGANISATION = (
    "Organisationsnummer {}",
    "Org.nr: {}",
    "Leverantören har orgnr {}.",
    "VAT SE{}01",
    "Kommunens organisationsnummer är {}.",
    "{}",
)
BANKGIRO = ("Bankgiro {}", "Betala till bg {}.", "BG: {}", "Sätt in på bankgironummer {} tack.")
METER = (
    "Anläggnings-id {}",
    "Mätarnummer: {}",
    "Anl.id {} mätarställning 4 211",
    "Elmätaren med id {} är bytt.",
)


def check_digit(nine: str) -> str:
    """Luhn."""
    total = sum(sum(divmod(int(c) * (2 - at % 2), 10)) for at, c in enumerate(nine))
    return str(-total % 10)


def _date(random: Random) -> str:
    return f"{random.randrange(100):02}{random.randrange(1, 13):02}{random.randrange(1, 29):02}"


def _valid(random: Random) -> str:
    """Ten digits with a date and a check digit that holds."""
    nine = _date(random) + f"{random.randrange(1, 1000):03}"
    return nine + check_digit(nine)


def neutral(random: Random, count: int) -> Iterator[tuple[str, str]]:
    """Random ten-digit numbers in prose, valid or not as chance will have it."""
    for _ in range(count):
        yield "random ten digits", random.choice(NEUTRAL).format(f"{random.randrange(10**10):010}")


def phones(random: Random, count: int) -> Iterator[tuple[str, str]]:
    """070 and 010 numbers, of which nine of ten pass as a personnummer."""
    for at in range(count):
        area = random.choice(("070", "070", "010"))
        number = _phone(random, area, valid=at % 10 > 0)
        text = PHONE_SPELLINGS[at % 12].format(area, number[3:6], number[6:8], number[8:], area[1:])
        yield "telephone", random.choice(PHONE).format(text)


def _phone(random: Random, area: str, *, valid: bool) -> str:
    if not valid:
        return area + f"{random.randrange(10**7):07}"
    month = random.randrange(1, 10) if area[2] == "0" else random.randrange(1, 13)
    nine = f"{area}{month}{random.randrange(1, 29):02}{random.randrange(1, 1000):03}"
    return nine + check_digit(nine)


def _written(random: Random, number: str) -> str:
    """As such numbers are written: mostly bare, some with a hyphen or the century."""
    shape = random.random()
    if shape < 0.7:
        return number
    return f"{number[:6]}-{number[6:]}" if shape < 0.9 else f"20{number}"


def references(random: Random, count: int) -> Iterator[tuple[str, str]]:
    """OCR, invoice, case and log numbers, all valid; `count` of all classes together."""
    kinds = [*REFERENCES, "elsewhere"]
    for at in range(count):
        kind = kinds[at % len(kinds)]
        number = _valid(random)
        if kind == "elsewhere":
            template = random.choice(ELSEWHERE)
            yield kind, template.replace("{}", number).replace("{{", "{").replace("}}", "}")
            continue
        text = number if kind == "log" else _written(random, number)
        yield kind, random.choice(REFERENCES[kind]).format(text)


def timestamps(random: Random, count: int) -> Iterator[tuple[str, str]]:
    """YYMMDDHHMM and YYYYMMDDHHMM of 2016 to 2025, all with a check digit that holds."""
    made = 0
    while made < count:
        year = random.randrange(16, 26)
        date = f"{year:02}{random.randrange(1, 13):02}{random.randrange(1, 29):02}"
        stamp = f"{date}{random.randrange(24):02}{random.randrange(60):02}"
        if check_digit(stamp[:9]) != stamp[9]:
            continue
        made += 1
        sign = random.choice(("", "", "-", "_"))
        text = f"{random.choice(('', '20'))}{stamp[:6]}{sign}{stamp[6:]}"
        yield "timestamp", random.choice(TIMESTAMPS).format(text)


def others(random: Random, count: int) -> Iterator[tuple[str, str]]:
    """Organisation, bankgiro and meter numbers by their own rules; `count` of each."""
    for _ in range(count):
        nine = f"{random.choice('2578')}{random.randrange(10)}{random.randrange(2, 10)}"
        nine += f"{random.randrange(10**6):06}"
        number = nine + check_digit(nine)
        template = random.choice(ORGANISATION)
        written = number if "SE" in template else f"{number[:6]}-{number[6:]}"
        yield "organisation", template.format(written)
        bg = f"{random.randrange(100, 10000)}-{random.randrange(1000, 10000)}"
        yield "bankgiro", random.choice(BANKGIRO).format(bg)
        yield "meter", random.choice(METER).format(f"735999{random.randrange(10**12):012}")
