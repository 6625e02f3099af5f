"""Quoted history as client programs write it: where it begins, and of which day it is.

Each sample is what one program puts below an answer, for a mail of 3 March 2026; the last line of
each is the text that is quoted. The headings are those of the programs' own translations.
"""

import pytest

from detectors import Role
from mailfilter.extract.text.quoted import dated
from mailfilter.parse.roles import split

ANSWER = "Hej, tack.\n\n"
SAMPLES = """
Den 3 mars 2026 kl. 10:12 skrev Anna Ek <a@b.se>:
> x
%%
Den tis 3 mars 2026 kl 10:12 skrev Anna Ek <a@b.se>:

> x
%%
Den 2026-03-03 kl. 10:12, skrev Anna Ek:
> x
%%
3 mars 2026 kl. 10:12 skrev Anna Ek <a@b.se>:

x
%%
tis 3 mars 2026 kl. 10:12 skrev Anna Ek <a@b.se>:

> x
%%
-----Ursprungligt meddelande-----
Från: Anna Ek
Skickat: den 3 mars 2026 10:12
Till: B
Ämne: x

text
%%
-----Original Message-----
From: Anna Ek
Sent: Tuesday, March 3, 2026 10:12 AM
To: B
Subject: x

text
%%
________________________________
Från: Anna Ek <a@b.se>
Skickat: den 3 mars 2026 10:12
Till: B <b@c.se>
Ämne: x

text
%%
From: Anna Ek <a@b.se>
Sent: Tuesday, March 3, 2026 10:12
To: B
Subject: x

text
%%
*Från:* Anna Ek
*Skickat:* den 3 mars 2026 10:12
*Till:* B
*Ämne:* x
text
%%
Från: Anna Ek
Datum: tisdag, 3 mars 2026 10:12
Till: B
Ämne: x
text
%%
Från: Anna Ek
Skickat den: 3 mars 2026 10:12
Till: B
Ämne: x
text
%%
-------- Ursprungligt meddelande --------
Från: Anna Ek <a@b.se>
Datum: 2026-03-03 10:12 (GMT+01:00)
Till: B
Rubrik: x

text
%%
---------- Vidarebefordrat meddelande ---------
Från: Anna Ek <a@b.se>
Date: tis 3 mars 2026 kl 10:12
Subject: x
To: <b@c.se>

text
%%
-------- Vidarebefordrat meddelande --------
Ämne:  x
Datum:  Tue, 3 Mar 2026 10:12:00 +0100
Från:  Anna Ek <a@b.se>
Till:  b@c.se

text
%%
Vidarebefordrat brev:

> Från: Anna Ek <a@b.se>
> Datum: 3 mars 2026 10:12:00 CET
> x
%%
Begin forwarded message:

> From: Anna
> Date: 3 March 2026 at 10:12:00 CET
> x
%%
>>> Anna Ek <a@b.se> 2026-03-03 10:12 >>>
text
%%
On Tue, Mar 3, 2026 at 10:12 AM Anna Ek <a@b.se> wrote:

> x
%%
On 3 Mar 2026, at 10:12, Anna Ek <a@b.se> wrote:

> x
%%
On 2026-03-03 10:12, Anna Ek wrote:
> x
%%
On Tuesday, 3 March 2026, Anna Ek <a@b.se> wrote:

> x
%%
Anna Ek <a@b.se> wrote on 03.03.2026 10:12:00:

> x
%%
Den tir. 3. mar. 2026 kl. 10.12 skrev Anna Ek <a@b.dk>:

> x
%%
Den tir. 3. mars 2026 kl. 10:12 skrev Anna Ek <a@b.no>:

> x
%%
tir. 3. mars 2026 kl. 10:12 skrev Anna Ek <a@b.no>:

> x
%%
3. mars 2026 kl. 10:12 skrev Anna Ek <a@b.no>:

> x
%%
-----Opprinnelig melding-----
Fra: Anna
Sendt: 3. mars 2026 10:12
Til: B
Emne: x

text
%%
-----Oprindelig meddelelse-----
Fra: Anna
Sendt: 3. marts 2026 10:12
Til: B
Emne: x

text
%%
Fra: Anna Ek <a@b.no>
Sendt: tirsdag 3. mars 2026 10:12
Til: B
Emne: x

text
%%
Fra: Anna Ek <a@b.no>
Dato: tirsdag, 3. mars 2026 kl. 10:12
Til: B
Emne: x

text
%%
ti 3. maalisk. 2026 klo 10.12 Anna Ek (a@b.fi) kirjoitti:

> x
%%
Anna Ek <a@b.fi> kirjoitti 3.3.2026 kello 10.12:

> x
%%
3.3.2026 10.12, Anna Ek kirjoitti:
> x
%%
-----Alkuperäinen viesti-----
Lähettäjä: Anna
Lähetetty: tiistai 3. maaliskuuta 2026 10.12
Vastaanottaja: B
Aihe: x

text
%%
Lähettäjä: Anna Ek
Lähetetty: tiistai 3. maaliskuuta 2026 10.12
Vastaanottaja: B
Aihe: x

text
%%
Am 03.03.2026 um 10:12 schrieb Anna Ek:
> x
%%
Am Di., 3. März 2026 um 10:12 Uhr schrieb Anna Ek <a@b.de>:

> x
%%
Am Dienstag, 3. März 2026 schrieb Anna:
> x
%%
-----Ursprüngliche Nachricht-----
Von: Anna
Gesendet: Dienstag, 3. März 2026 10:12
An: B
Betreff: x

text
%%
Von: Anna Ek <a@b.de>
Gesendet: Dienstag, 3. März 2026 10:12
An: B
Betreff: x

text
%%
-------- Weitergeleitete Nachricht --------
Betreff: x
Datum: Tue, 3 Mar 2026
Von: Anna
An: b

text
%%
Le mar. 3 mars 2026 à 10:12, Anna Ek <a@b.fr> a écrit :

> x
%%
Den 3. marts 2026 kl. 10.12 skrev Anna Ek <a@b.dk>:

> x
""".strip("\n").split("\n%%\n")


@pytest.mark.parametrize("sample", SAMPLES)
def test_history_is_quoted_and_has_its_day(sample):
    text = ANSWER + sample
    begins = [offset for offset, role in split(text) if role is Role.QUOTE]
    first = len(ANSWER) + (sample.index("\n") + 1 if sample.startswith("____") else 0)
    assert begins[:1] == [first]
    assert [step.n for step in dated(text, begins[0])] == [303]
    last = [role for offset, role in split(text) if offset <= len(text) - 1][-1]
    assert last is Role.QUOTE


@pytest.mark.parametrize(
    "text",
    [
        "Den 3 mars skrev vi till er om saken.",
        "Von oben: drei Punkte 1, 2, 3.\nAn alle.",
        "Anna schrieb am 3. März einen Brief.",
        "Från och med den 3 mars gäller: öppet 9-17",
        "On 3 March we meet: room 3",
    ],
)
def test_a_sentence_with_a_day_is_no_history(text):
    assert {role for _, role in split(text)} == {Role.BODY}
