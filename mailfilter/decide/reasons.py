"""The closed list of reason codes (V9), each with a Swedish and an English sentence.

A verdict carries codes; the sentence is said where a person reads it. A code says which condition
of the deciding rule held, never what stood in the mail. Codes are stored for years: a code is
never given another meaning, and never removed while rows may hold it.
"""

from enum import StrEnum

from mailfilter.model import Class


class Reason(StrEnum):
    """Why a recipient got this verdict."""

    FINDING_HIGH = "finding-high"
    FINDING_MEDIUM = "finding-medium"
    FINDING_LOW = "finding-low"
    PERSONS = "persons"
    TOGETHER = "together"
    ENCRYPTED = "not-examined-encrypted"
    BROKEN = "not-examined-broken"
    AMBIGUOUS = "not-examined-ambiguous"
    OVER_LIMIT = "not-examined-over-limit"
    CRASHED = "not-examined-crashed"
    UNREAD = "not-examined-unread"
    UNSUPPORTED = "not-examined-unsupported"
    PROTECTED_PART = "not-examined-protected-for-recipient"
    CLOUD = "not-examined-cloud-attachment"
    MASS_MAIL = "mass-mail"
    MANY_EXTERNAL = "many-external"
    MANY_INTERNAL = "many-internal"
    AUTOMATIC = "automatic"
    NOT_AUTOMATIC = "not-automatic"
    PROTECTED = "protected-recipient"
    RECIPIENT_CLASS = "recipient-class"
    DEPARTMENT = "department"
    VISIBLE = "visible-recipient"
    HIDDEN = "hidden-recipient"
    LABEL = "label"
    MADE_BY = "made-by"
    OPENED = "opened-by-password"
    SIZE = "size"
    ALONE = "health-alone"
    ANSWERED = "answered-before"  # what the sender said of the same mail still stands (asking.py)
    ALWAYS = "always"
    NO_SERVICE = "no-service"
    NOTHING_FOUND = "nothing-found"
    OBSERVED = "observed-only"
    UNINFORMED = "staff-not-informed"
    READING = "reading-on"  # only scans that are still being read hold it back (unfinished.py)
    FAIL_OPEN = "fail-open"  # written by the pipeline, by no rule (P4)


SENTENCES: dict[Reason, dict[str, str]] = {
    Reason.FINDING_HIGH: {
        "sv": "Mejlet innehåller med stor säkerhet skyddsvärda uppgifter.",
        "en": "The mail almost certainly holds sensitive data.",
    },
    Reason.FINDING_MEDIUM: {
        "sv": "Mejlet innehåller troligen skyddsvärda uppgifter.",
        "en": "The mail probably holds sensitive data.",
    },
    Reason.FINDING_LOW: {
        "sv": "Mejlet kan innehålla skyddsvärda uppgifter.",
        "en": "The mail may hold sensitive data.",
    },
    Reason.PERSONS: {
        "sv": "Mejlet rör många personer.",
        "en": "The mail is about many persons.",
    },
    Reason.TOGETHER: {
        "sv": "Två slags uppgifter står i samma mejl.",
        "en": "Two kinds of data stand in the same mail.",
    },
    Reason.ENCRYPTED: {
        "sv": "En del av mejlet är krypterad och kunde inte läsas.",
        "en": "A part of the mail is encrypted and could not be read.",
    },
    Reason.BROKEN: {
        "sv": "En del av mejlet är skadad och kunde inte läsas.",
        "en": "A part of the mail is damaged and could not be read.",
    },
    Reason.AMBIGUOUS: {
        "sv": "En del av mejlet kan läsas på flera sätt.",
        "en": "A part of the mail can be read in more than one way.",
    },
    Reason.OVER_LIMIT: {
        "sv": "En del av mejlet är för stor för att läsas.",
        "en": "A part of the mail is too large to be read.",
    },
    Reason.CRASHED: {
        "sv": "Läsningen av en del av mejlet misslyckades.",
        "en": "Reading a part of the mail failed.",
    },
    Reason.UNREAD: {
        "sv": "En bilaga är av en typ som inte kan läsas.",
        "en": "An attachment is of a kind that cannot be read.",
    },
    Reason.UNSUPPORTED: {
        "sv": "Mejlet har bild, ljud eller film, som inte läses.",
        "en": "The mail has an image, sound or film, which are not read.",
    },
    Reason.PROTECTED_PART: {
        "sv": "Mejlet är krypterat för mottagaren.",
        "en": "The mail is encrypted for its recipient.",
    },
    Reason.CLOUD: {
        "sv": "Mejlet länkar till en fil i organisationens egen molntjänst.",
        "en": "The mail links to a file in the organisation's own cloud service.",
    },
    Reason.MASS_MAIL: {
        "sv": "Mejlet har många externa mottagare som ser varandra.",
        "en": "The mail has many external recipients who see each other.",
    },
    Reason.MANY_EXTERNAL: {
        "sv": "Mejlet går till många externa mottagare.",
        "en": "The mail goes to many external recipients.",
    },
    Reason.MANY_INTERNAL: {
        "sv": "Mejlet går till många inom organisationen.",
        "en": "The mail goes to many inside the organisation.",
    },
    Reason.AUTOMATIC: {
        "sv": "Mejlet är ett autosvar eller en studs.",
        "en": "The mail is an automatic reply or a bounce.",
    },
    Reason.NOT_AUTOMATIC: {
        "sv": "Mejlet är skrivet av någon, inte ett autosvar.",
        "en": "The mail was written by somebody and is no automatic reply.",
    },
    Reason.PROTECTED: {
        "sv": "Mottagaren hör till en skyddad krets.",
        "en": "The recipient belongs to a protected circle.",
    },
    Reason.RECIPIENT_CLASS: {
        "sv": "Regeln gäller denna grupp av mottagare.",
        "en": "The rule is for this class of recipients.",
    },
    Reason.DEPARTMENT: {
        "sv": "Regeln gäller avsändarens förvaltning.",
        "en": "The rule is for the sender's department.",
    },
    Reason.VISIBLE: {
        "sv": "Mottagaren står i Till eller Kopia.",
        "en": "The recipient stands in To or Cc.",
    },
    Reason.HIDDEN: {
        "sv": "Mottagaren är dold kopia.",
        "en": "The recipient is a blind copy.",
    },
    Reason.LABEL: {
        "sv": "Mejlet har en informationsklass som regeln nämner.",
        "en": "The mail carries an information class that the rule names.",
    },
    Reason.MADE_BY: {
        "sv": "Mejlet eller en bilaga kommer ur ett system som regeln nämner.",
        "en": "The mail or an attachment comes out of a system that the rule names.",
    },
    Reason.OPENED: {
        "sv": "Lösenordet till en bilaga står i samma mejl.",
        "en": "The password of an attachment stands in the same mail.",
    },
    Reason.SIZE: {
        "sv": "Mejlet är större än regeln tillåter.",
        "en": "The mail is larger than the rule allows.",
    },
    Reason.ALONE: {
        "sv": "Bara uppgifter om hälsa hittades, så avsändaren kan själv avgöra.",
        "en": "Nothing but health data was found, so the sender may decide.",
    },
    Reason.ANSWERED: {
        "sv": "Avsändaren har redan svarat om samma uppgifter till samma mottagare.",
        "en": "The sender has already answered for the same data and recipients.",
    },
    Reason.ALWAYS: {
        "sv": "Regeln gäller all post.",
        "en": "The rule is for all mail.",
    },
    Reason.NO_SERVICE: {
        "sv": "Ingen säker tjänst är inställd, därför hölls mejlet kvar.",
        "en": "No secure service is configured, therefore the mail was held.",
    },
    Reason.NOTHING_FOUND: {
        "sv": "Ingen regel stoppar mejlet.",
        "en": "No rule stops the mail.",
    },
    Reason.OBSERVED: {
        "sv": "En regel under observation skulle ha gjort något annat.",
        "en": "A rule under observation would have done otherwise.",
    },
    Reason.UNINFORMED: {
        "sv": "Personalen är inte informerad ännu: observationen sparas utan avsändare.",
        "en": "Staff are not informed yet: the observation is kept without a sender.",
    },
    Reason.READING: {
        "sv": "Alla bilder och skannade sidor är inte lästa än. Läsningen fortsätter.",
        "en": "Not all images and scanned pages have been read yet. Reading goes on.",
    },
    Reason.FAIL_OPEN: {
        "sv": "Granskningen var ur funktion; inställningen fail_open_until släppte mejlet vidare.",
        "en": "Inspection was out of order; the setting fail_open_until let the mail pass.",
    },
}


def of_class(cls: Class) -> Reason:
    """The reason code of a not-examined class."""
    return Reason(f"not-examined-{cls.value}")


def say(code: str, language: str = "sv") -> str:
    """The sentence of a code; a code from a later version is said as it is."""
    try:
        return SENTENCES[Reason(code)][language]
    except (ValueError, KeyError):
        return code
