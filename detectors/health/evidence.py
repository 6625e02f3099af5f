"""The codes of evidence of this detector, and what they are called in Swedish.

Invariant: whatever `score` names is here; the English words are in ``mailfilter/web/words``.
"""

EVIDENCE: dict[str, str] = {
    "identity": "ett identitetsnummer står i samma mening eller rad",
    "full-name": "för- och efternamn står i samma mening eller rad",
    "name": "ett namn står i samma mening eller rad",
    "relative": "en anhörig nämns i samma mening",
    "role": "en utpekad roll (eleven, brukaren, patienten) nämns i samma mening",
    "placed": "en person pekas ut med plats eller ålder",
    "pronoun": "hon eller han i samma mening",
    "self": "avsändaren skriver om sig själv eller sitt barn",
    "writer": "stycket är skrivet i jag-form och nämner ingen annan",
    "you": "texten gäller mottagaren själv",
    "person-in-paragraph": "en person nämns i samma stycke",
    "person-in-document": "dokumentet gäller en namngiven person",
    "person-in-other-part": "en person nämns i en annan del av meddelandet",
    "no-person": "ingen person i närheten",
    "strong-term": "uttrycket handlar tydligt om hälsa eller omsorg",
    "weak-term": "uttrycket handlar om hälsa eller omsorg bara i sitt sammanhang",
    "several-terms": "flera uttryck i samma mening eller rad",
    "disguised": "ordet är skrivet på ett ovanligt sätt",
    "diagnosis-code": "en diagnoskod",
    "told": "säger rent ut vilken diagnos en person har",
    "by-name": "säger med för- och efternamn vem som har sjukdomen",
    "general-text": "texten är delvis allmän (kurs, statistik, annons)",
    "implied": "inget enskilt ord om hälsa, men flera tecken tillsammans",
    "story": "sammanhanget berättar om hur någon mår eller klarar sig",
    "other-story": "sammanhanget handlar om annat: en inbjudan, en sak, ett djur, en dikt",
    # with a number behind a colon
    "rules": "reglernas tal (av 100)",
    "judge": "bedömarens tal (av 100)",
    "not-judged": "bedömt av reglerna ensamma",
    "wording": "ordvalet liknar brev om någons hälsa",
    "other-wording": "ordvalet liknar andra brev",
}
