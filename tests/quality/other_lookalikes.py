"""Look-alikes of other makings: numbers of things in longer, messier places than `lookalikes`.

From → to: a seeded `Random` → (class, text). All numbers pass the check digit and hold a date; they
live in memory and are never printed. Each place is written in several spellings. Where a person
stands beside the number, the number's own label, parameter, column or segment says what it is.
Part of the benchmark; CC0.
"""

from collections.abc import Iterator
from random import Random

from tests.quality.lookalikes import check_digit

PLACE = "¤"  # where the number goes

ORDERS = """\
Order ¤ är packad och går i morgon.
Order nr ¤, kontakt Lena Ek, levereras vecka 48.
Er order ¤ av den 3 november är bekräftad.
Hej Lena! Din order ¤ har skickats.
Beställning ¤ från Kontorsmaterial AB
Beställningsnummer: ¤\\nBeställare: Lena Ek
Inköpsorder ¤, attest Omar Ali
PO ¤ / Lena Ek / 45 000 SEK
PO-nummer ¤ ska stå på fakturan.
Our PO number is ¤. Please put it on the invoice.
Purchase order ¤ was approved by Lena Ek.
Rekvisition ¤, beställare Omar Ali
Avrop ¤ mot ramavtalet
Avropsnr: ¤
Arbetsorder ¤ tilldelad Omar Ali
Arbetsorder: ¤ (byte av lysrör)
AO ¤ klar, hälsar Omar
Offert ¤ gäller till årsskiftet.
Offertnummer ¤\\nVår kontakt: Lena Ek
Ordererkännande nr ¤ bifogas
Orderbekräftelse ¤ – Lena Ek
Retur ¤ är mottagen
Returnr: ¤, Lena Ek, Storgatan 1
RMA ¤ godkänd
RMA-nummer: ¤
Reklamation ¤ avslutad av Omar Ali.
Serviceorder ¤ avser hissen i Rådhuset
Tidsbokning för order ¤ klar
Delorder ¤ restnoterad
Restorder ¤ levereras senare
Plocklista ¤, plockare Omar Ali
Packsedel ¤
Tillverkningsorder ¤
Leveransplan ¤ rev. B
Kundorder ¤ Lena Ek
Er beställning (¤) är på väg.
Vi har tagit emot er beställning med beteckningen ¤.
Beställningen fick nummer ¤ i systemet.
Ordernumret är ¤ om du vill spåra den.
¤ är ordernumret.
¤ är vårt ordernummer, uppge det vid kontakt.
Ange ¤ (ordernummer) när du ringer.
Hämta order ¤ i receptionen, fråga efter Lena Ek."""
SERIALS = """\
Serienummer ¤, utlämnad till Lena Ek
Serienr: ¤ (skärm, rum 12)
S/N: ¤
S/N ¤ Lena Ek
SN: ¤, modell T14
Maskinens tillverkningsnummer är ¤.
Tillverkningsnr ¤ enligt märkskylten
Hissen (tillverkningsnr ¤) är besiktigad.
Märkskylten anger ¤ som serienummer.
Chassinummer ¤
Chassinr: ¤, besiktigad av Omar Ali
Motornr ¤
Inventarienummer ¤ lånas av Lena Ek
Inventarie ¤ saknas i rum 12
Inv.nr ¤ skrotad
Stöldmärkning ¤
Licensnummer ¤ går ut 2026-12-31
Produktnummer ¤
Produktnyckel: ¤
Modellnr ¤ rev C
Batchnr ¤ återkallas
Batch/lot: ¤
LOT ¤ EXP 2027-03
Lotnummer ¤ på förpackningen
Charge ¤
Certifikatnr ¤
Certifikat nr ¤ utfärdat till Byggbolaget AB
Certificate serial number: ¤
Ritningsnr ¤
Ritning ¤, rev B, ritad av Omar Ali
Komponent ¤ utbytt
Reservdel ¤ finns inte i lager
Reservdelsnr: ¤
Detaljnummer ¤
Art nr ¤, 4 st
Artikelnummer ¤: pärm A4
Art. ¤ pärm A4 4 st
Artikel ¤ utgår ur sortimentet
Artikeln med nummer ¤ är slut.
Lagerplats A12, artikel ¤
EAN-kod ¤
Streckkoden ¤ går inte att läsa
Tagg ¤ är trasig
RFID ¤
Tag-id ¤
IMEI: ¤, användare Lena Ek
MAC-id ¤
SIM ¤ spärrat
SIM-kortsnummer ¤
ICCID ¤
PUK ¤
Larmsändare ¤, batteri lågt
Sändare nr ¤ i trapphuset
Givare ¤ visar -12
Nyckelbricka ¤ till Lena Ek
Nyckelnr ¤ kvitteras av Omar Ali
Passerkort nr ¤, Lena Ek
Kortnummer: ¤
Kort-id ¤
Skåp ¤ i källaren
Brandsläckare nr ¤ kontrollerad
Pump ¤ larmar igen"""
CASES = """\
Ärende ¤ är tilldelat Omar Ali.
Ärende #¤: kontot för Lena Ek är låst
Ärendenr: ¤\\nHandläggare: Lena Ek
Ärendenummer ¤, handläggare Lena Ek
Re: [Ärende ¤] Skrivaren på plan 3
[#¤] Skrivaren på plan 3
[Ticket #¤] Re: VPN
Ticket ¤ closed by Lena Ek
Ticket: ¤\\nRequester: Lena Ek
Incident: ¤\\nRapporterad av: Lena Ek
Incident ¤ prio 2
Change ¤ godkänd av CAB
Case ¤ has been updated
Case number: ¤
Case: ¤ / Lena Ek
Support-id ¤
Felanmälan ¤, lägenhet 1203, kontakt Lena Ek
Felanmälan nr ¤ avslutad
Felanmälningsnummer: ¤
Dnr ¤
Dnr: ¤, Lena Ek
Diarienummer ¤ – yttrande
Vårt diarienummer: ¤\\nEr kontakt: Lena Ek
Diariefört med nummer ¤.
Beslut dnr ¤, Lena Ek, enhetschef
Er beteckning ¤
Vår beteckning: ¤, handläggare Omar Ali
Vår referens ¤\\nEr referens Lena Ek
Er ref: ¤ (Lena Ek)
Ref.nr ¤
Referensnummer ¤, Lena Ek
Ange referens ¤ vid svar.
Aktnummer ¤
Aktbilaga ¤
Akt ¤ är gallrad
Mål nr ¤
Målnummer ¤ vid tingsrätten
Protokoll nr ¤ justerat av Lena Ek
Löpnummer ¤ i diariet
Handling ¤ är registrerad
Handlingsnr ¤
Dokument ¤ version 3
Dokument-id: ¤, upprättat av Lena Ek
Dok.nr ¤
Dokumentnummer: ¤
Avtalsnr ¤, undertecknat av Lena Ek
Avtal ¤ med Städbolaget AB
Kontrakt ¤ löper till 2028
Upphandling ¤, kontaktperson Omar Ali
Upphandlings-id ¤
Projekt ¤, projektledare Lena Ek
Projektnummer: ¤ Projektledare: Lena Ek
Projektkod ¤
Bygglov ¤ för Kulla 1:23
Bygglovsärende ¤
Tillståndsnr ¤
Anmälningsnr: ¤
Rapport ¤ från besiktningen
Rapportnummer ¤, besiktningsman Omar Ali
Besiktning ¤ utförd
Protokollsnr ¤
Uppdrag ¤, ansvarig Lena Ek
Uppdragsnr ¤
Avvikelsenummer ¤
Jobb-id ¤
Jobbet ¤ misslyckades i natt
Annons ¤ på Platsbanken
Annons-id: ¤
Remissnr ¤ från departementet
Inventeringslista ¤
Enkät ¤ stänger fredag
Enkät-id ¤, svarsfrekvens 71 %"""
MONEY = """\
Faktura ¤ Städbolaget AB 12 500,00
Faktura ¤, er referens Lena Ek
Fakturanr ¤ attesterad av Lena Ek
Fakturanummer: ¤\\nEr referens: Lena Ek
Faktura nr ¤, förfaller 2026-12-01
Fakturan med nummer ¤ är makulerad.
Kreditnota ¤
Invoice no: ¤\\nYour reference: Lena Ek
Invoice number ¤
Delfaktura ¤
OCR: ¤ Belopp: 400,00
OCR-numret är ¤.
¤ är OCR-numret.
Betala med OCR ¤ till bg 123-4567
Bg 123-4567, ocr ¤, 400 kr
Ange ¤ som OCR.
Betalning ¤ återsänd
Betalnings-id ¤
Betalningsreferens ¤, Lena Ek
Autogiro ¤ uppsagt
Medgivandenr ¤
Verifikation ¤ attest Lena Ek
Verifikationsnummer ¤
Ver ¤ bokförd
Verifikat nr ¤ Omar Ali
Kvitto ¤ saknas
Kvittonr: ¤
Transaktion ¤ nekad
Transaktionsnummer: ¤ (kortköp)
Swishbetalning ¤
Swish-id ¤
Swishnummer ¤
Kontonummer ¤, innehavare Städbolaget AB
Konto ¤ är stängt
Kontot ¤ ska debiteras
Bankkonto: ¤
Clearing 8327-9 konto ¤
Konto: 8327-9, ¤
Bankgironummer ¤
Plusgiro ¤
Plusgironr: ¤
IBAN-referens ¤
Kundnummer ¤, Lena Ek
Kundnr: ¤ Namn: Lena Ek
Kund-id ¤
Medlemsnr ¤ Lena Ek
Medlemsnummer: ¤ (Lena Ek)
Prenumerationsnr ¤
Abonnemang ¤ avslutas
Abonnentnummer: ¤
Leverantör ¤ Städbolaget AB
Leverantörsnummer: ¤
Lev.nr ¤
Försäkring ¤
Försäkringsnummer ¤, Lena Ek
Skadenr ¤, skadereglerare Omar Ali
Skadeärende ¤
Lån ¤
Lånenr ¤ ränta 3,2 %
Presentkort ¤
Värdekod ¤
Kupongkod ¤
Rabattkod ¤
Budgetpost ¤
Kontering ¤ Lena Ek
Konteringssträng: ¤
Kostnadsställe ¤, chef Lena Ek
Anläggningskonto ¤
Utbetalning ¤ stoppad
Avi ¤
Avi-nummer: ¤
Kravbrev ¤
Skuldnummer ¤
Bidragsnr ¤
Anslag ¤
Grant agreement no. ¤
Beviljningsnr: ¤"""
TRANSPORT = """\
Spårnings-id ¤
Spårningsnr: ¤, mottagare Lena Ek
Spåra paketet ¤ här.
Ditt paket ¤ från Kontorsmaterial AB finns att hämta, Lena!
Paketnummer ¤
Paket-id: ¤ Lena Ek
Kolli ¤
Kollinr ¤ mottaget av Omar Ali
Kollinummer: ¤
Sändning ¤ försenad
Sändningsnr ¤
Sändnings-id: ¤
Försändelsenummer ¤
Rek ¤
Fraktsedel ¤
Fraktsedelsnummer ¤ Omar Ali
Fraktsedelsnr: ¤
Waybill ¤
AWB ¤
Tracking ¤ in transit
Tracking number: ¤\\nRecipient: Lena Ek
Shipment ¤ delivered to Lena Ek
Shipment ID ¤
Container ¤ lossad
Containernr ¤
Pall ¤
Pall-id ¤
Leverans ¤ kvitterad av Lena Ek
Leveransnr ¤
Följesedelsnr ¤ Lena Ek
Transportnr: ¤
Körorder ¤, förare Omar Ali
Resenr ¤
Bokning ¤ Lena Ek, två vuxna
Bokningsnr ¤ för Lena Ek
Booking reference ¤ (Lena Ek)
Biljettnummer ¤, resenär Lena Ek
Biljett nr ¤ Lena Ek
Platsbiljett ¤
Tågbiljett ¤
Bonuskort ¤
Bagagetagg ¤
Parkeringsanmärkning ¤
Kontrollavgift ¤
Felparkering, ärende ¤, fordon ABC123
Skolskjuts, linje 12, turnr ¤
Turnummer ¤
Linje-id ¤"""
PROPERTY = """\
Mätare ¤ visar 4 211 kWh
Mätarnr: ¤
Mätarnummer ¤, kund Lena Ek
Vattenmätare ¤ byts av Omar Ali
Vattenmätare nr ¤
Elmätare ¤
Mät-ID: ¤
Mätpunkt ¤
Anläggning ¤
Anläggningsnr ¤
Anläggnings-id: ¤, Lena Ek
Anl.nr ¤
Anl-id ¤
Fastighet ¤
Fastighetsnummer: ¤
Fastighetsnyckel ¤
Byggnads-id ¤
Byggnadsnr ¤
Objekt ¤, kontakt Lena Ek
Objektsnummer ¤
Objekt-id: ¤
Lägenhet ¤
Lägenhetsnr ¤, hyresgäst Lena Ek
Lgh ¤
Hyresavtal ¤
Hyresobjekt ¤
Kontraktsnummer ¤ Lena Ek
Köplats ¤
Kö-id ¤
Brunn ¤
Brunnsnr ¤
Stolpe ¤
Stolpnr ¤ lyser inte
Belysningspunkt ¤
Armatur ¤
Hiss ¤
Hissnr ¤
Skylt ¤
Skyltnr ¤
Ventil ¤
Kabel ¤
Kabelnr ¤
Sträcka ¤
Väg-id ¤
Trafikanordning ¤, tillstånd
Kartblad ¤
Pos ¤
Polygon ¤
Nivå ¤
Höjd ¤
Provpunkt ¤
Provnr: ¤, provtagare Omar Ali
Lab.nr ¤
Analysnr ¤
Rum ¤
Rumsnr ¤"""
STAFF = """\
Anställningsnummer ¤
Anstnr ¤ Lena Ek
Anst.nr ¤
Anst nr: ¤, Lena Ek
Anst.nr: ¤ Lena Ek, enhet 4411
Anställningsnr ¤, Lena Ek
Tjänstenummer ¤, Omar Ali
Tjänstekort ¤
Tjänstekort nr ¤ Lena Ek
Användar-id ¤
Användarid: ¤ (Lena Ek)
Användarnummer ¤
HSA-id ¤
Användarkonto ¤ spärrat
Inloggnings-id ¤
Kontonamn: ¤
Lönenr ¤
Löneart ¤
Löneartskod ¤
Lönebesked nr ¤
Tidrapport ¤
Tidrapport nr ¤ Omar Ali
Schema ¤
Schema-id ¤
Passnummer i schemat: ¤
Vakansnr ¤
Befattningskod ¤
Rekryterings-id ¤
Tjänste-id: ¤ Lena Ek
Konferens-ID: ¤
Konferenskod ¤, värd Lena Ek
Möte-ID ¤
Mötes-ID: ¤\\nLösenord: 4411
Meeting ID ¤ passcode 4411
Meeting number: ¤
Webinar ID ¤
Kurskod ¤
Kurs ¤, lärare Lena Ek
Kurstillfälle ¤
Prov-id ¤
Provkod ¤
Tentamenskod ¤
Anmälningskod ¤
Skolenhetskod ¤
Enhetskod ¤
Förbrukarnummer ¤
Arbetsplatskod ¤
CFAR-nr ¤
Licens ¤
Licensnr: ¤ Lena Ek
Startnr ¤ Lena Ek
Tävlingslicens ¤
ISBN-nr ¤
Låne-id ¤
Lånekortsnummer ¤ Lena Ek
Bibliotekskort nr ¤"""
COMPUTERS = """\
2026-11-12 08:14:22 INFO [job-¤] started
2026-11-12 08:14:22,031 ERROR orderId=¤ user=lena.ek failed
2026-11-12T08:14:22Z txn=¤ status=OK
Nov 12 08:14:22 app01 import[2211]: row ¤ skipped
Nov 12 08:14:22 fw01 kernel: SEQ=¤ ACK=0
level=info msg="done" batch=¤ took=31ms
trace_id=¤ span=44
requestId: ¤
correlation-id: ¤
X-Request-Id: ¤
Message-ID: <¤.4411@mail.example>
In-Reply-To: <¤@mail.example>
boundary="----=_Part_¤_4411"
GET /order/¤ HTTP/1.1
GET /api/v2/invoices/¤?full=1 HTTP/1.1
GET /arende?arendeid=¤&kund=4411 HTTP/1.1
POST /tickets/¤/comments 201
https://e.example/faktura?nr=¤
https://e.example/sok?ordernr=¤&namn=lena
https://e.example/spara?kolli=¤
https://e.example/e?x=1&trackingid=¤
https://e.example/produkt/¤.html
https://e.example/anmalan?kurs=¤
https://e.example/?utm_id=¤
https://meet.example/j/¤
https://e.example/blob/¤
{"orderId": "¤", "customer": "Lena Ek"}
{"invoice": {"number": "¤"}, "contact": {"name": "Lena Ek"}}
{"caseNumber":"¤","assignee":"Lena Ek"}
{"serialNumber": "¤", "model": "T14"}
<OrderNr>¤</OrderNr><Kund>Lena Ek</Kund>
<InvoiceNumber>¤</InvoiceNumber>
<arende nr="¤" handlaggare="Lena Ek"/>
<row id="¤"/>
<ref>¤</ref>
order.id=¤
order_no=¤; customer=Lena Ek
ORDER_ID=¤
INSERT INTO orders VALUES (¤, 'Lena Ek', 400);
SELECT * FROM invoice WHERE invoice_no = '¤';
UPDATE arenden SET status = 2 WHERE arende_id = ¤;
Build ¤
build #¤ passed
commit ¤
Version ¤
v¤
rev. ¤
checksum=¤
timestamp: ¤
session=¤
token=¤
Kod: ¤
Verifieringskod ¤
Engångskod: ¤
Felkod ¤
Event ID ¤
Event-id: ¤
Windows-händelse ¤
Backup-id ¤
Volym ¤
LUN ¤"""
EDI = """\
BGM+380+¤+9'
BGM+220+¤+9'DTM+137:20261112:102'
RFF+ON:¤'
RFF+IV:¤'
RFF+CT:¤'
RFF+DQ:¤'
RFF+VN:¤'
UNB+UNOC:3+7350000812347:14+7350000812354:14+261112:0814+¤'
UNH+¤+INVOIC:D:96A:UN'
UNZ+1+¤'
UNT+22+¤'
LIN+1++¤:EN'
PIA+5+¤:SA'
IMD+F++:::PÄRM'QTY+47:4'PIA+1+¤:IN'
GIN+BJ+¤'
GIN+BN+¤'
CPS+1'PAC+1++CT'PCI+33E'GIN+BJ+¤'
DOC+380+¤'
TOD+6'LOC+7+¤'
ISA*00*          *ZZ*SENDER*ZZ*RCPT*261112*0814*U*00401*¤*0*P*>~
BEG*00*SA*¤**20261112~
REF*PO*¤~
REF*IV*¤~
:20:¤
:21:¤
:61:2611120312D400,00NTRF¤
#VER A ¤ 20261112 "Kontorsmaterial"
#TRANS 4010 {} 400.00 20261112 "Faktura ¤"
OBR|1|¤|4411|B-Hb
ORC|NW|¤
MSH|^~\\\\&|LAB|SJH|JRN|VC|20261112||ORU^R01|¤|P|2.3"""
BARE = """\
<cbc:ID>¤</cbc:ID><cbc:IssueDate>2026-11-12</cbc:IssueDate>
Koordinater ¤
Koordinat N ¤ E 674571
N ¤, E 674571
E ¤ N 6580743
SWEREF 99 TM: 6580743, ¤
X: ¤ Y: 674571
x=¤ y=674571
Anknytning ¤
Fax ¤
tel:¤
{"id": ¤, "status": "open", "owner": "Lena Ek"}
{"ts": ¤, "level": "warn"}
size ¤ bytes
offset ¤
inode ¤
pid ¤ exited
epoch ¤"""
TABLES = """\
Ordernr;Beställare;Belopp\\n¤;Lena Ek;400
Beställare;Ordernr;Belopp\\nLena Ek;¤;400
Namn\\tAnstnr\\tEnhet\\nLena Ek\\t¤\\tSkolan
Anställd\\tAnst.nr\\tLön\\nLena Ek\\t¤\\t25000
Datum\\tFakturanr\\tRef\\n2026-11-12\\t¤\\tLena Ek
Datum;Ver;Text;Belopp\\n2026-11-12;¤;Kontorsmaterial;400
Handläggare|Ärende|Status\\nLena Ek|¤|öppet
Kontakt,Serienr,Rum\\nLena Ek,¤,12
Låntagare;Inventarienr\\nLena Ek;¤
Innehavare\\tKortnr\\nLena Ek\\t¤
Kund\\tKundnr\\tOrt\\nLena Ek\\t¤\\tLund
Förare;Körorder;Tid\\nOmar Ali;¤;08:00
Mottagare          Kollinr        Vikt\\nLena Ek            ¤     4 kg
Produkt        Artikelnr      Antal\\nPärm A4        ¤     4
Mätare\\tAdress\\tStällning\\n¤\\tStorgatan 1\\t4211
Objekt;Anläggnings-id;Kund\\nRådhuset;¤;Lena Ek
Provpunkt\\tProvnr\\tpH\\nBad 1\\t¤\\t7,1
Projektledare;Projektnr\\nOmar Ali;¤
Medlem;Medlemsnr\\nLena Ek;¤
Användare;Användar-id\\nlena.ek;¤
Titel\\tISBN\\nBoken\\t¤
Elev;Lånekort\\nKim;¤
Resenär\\tBiljettnr\\nLena Ek\\t¤
Löpnr\\tDnr\\tAvsändare\\n1\\t¤\\tLena Ek
Ärendenr\\n¤\\nHandläggare\\nLena Ek
Fakturanr:\\n¤\\nEr referens:\\nLena Ek
Ordernummer\\t¤\\nKontakt\\tLena Ek
Serienummer: ¤\\tPlats: rum 12
| Order | Kund |\\n|---|---|\\n| ¤ | Lena Ek |
| Kund | Faktura | Belopp |\\n| Lena Ek | ¤ | 400 |"""
NAMES = """\
faktura_¤.pdf
Faktura ¤.pdf
faktura-¤-stadbolaget.pdf
order_¤.xml
ordererkannande_¤_lena_ek.pdf
OCR_¤.pdf
dnr_¤_yttrande.docx
arende_¤.pdf
Ärende ¤.docx
kvitto_¤.jpg
invoice-¤.pdf
Invoice_¤_final.pdf
PO¤.pdf
rapport_¤.pdf
ritning_¤_A.dwg
avtal_¤_signerat.pdf
offert-¤.pdf
foljesedel_¤.pdf
fraktsedel_¤.pdf
biljett_¤.pdf
bokning_¤.pdf
protokoll_¤.docx
matare_¤.csv
projekt_¤.xlsx
serienr_¤.txt
INC¤.pdf
CHG¤.pdf
DOC¤.pdf
ticket-¤.eml
artikel_¤.png"""
CLASSES = {
    name.lower(): text.splitlines()
    for name, text in {
        "orders": ORDERS,
        "serials": SERIALS,
        "cases": CASES,
        "money": MONEY,
        "transport": TRANSPORT,
        "property": PROPERTY,
        "staff": STAFF,
        "computers": COMPUTERS,
        "edi": EDI,
        "bare": BARE,  # never written with a hyphen
        "tables": TABLES,
        "file names": NAMES,
    }.items()
}
SPELLINGS = (
    lambda ten: ten,
    lambda ten: f"{ten[:6]}-{ten[6:]}",
    lambda ten: f"20{ten}",
    lambda ten: f"{ten[:6]} {ten[6:]}",
)


def number(random: Random) -> str:
    """Ten digits with a date of birth and a check digit that holds."""
    year = random.choice((*range(26), *range(40, 100)))
    nine = f"{year:02}{random.randrange(1, 13):02}{random.randrange(1, 29):02}"
    nine += f"{random.randrange(1, 1000):03}"
    return nine + check_digit(nine)


def other_lookalikes(random: Random, rounds: int = 1) -> Iterator[tuple[str, str]]:
    """Every place in two spellings a round: bare, and by turns with hyphen, century and blank."""
    turn = 0
    for _ in range(rounds):
        for name, places in CLASSES.items():
            for place in places:
                turn += 1
                text = place.replace("\\n", "\n").replace("\\t", "\t")
                other = SPELLINGS[0 if name == "bare" else 1 + turn % 3]
                for spell in (SPELLINGS[0], other):
                    yield name, text.replace(PLACE, spell(number(random)))
