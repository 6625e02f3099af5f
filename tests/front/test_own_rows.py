"""/mina, the check before sending, and a new mail without the quoted part, on the real program."""

import re
import uuid
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.policy import SMTP
from html import unescape

import pytest

from mailfilter.desk.quote_files import attached
from tests.front.installation import ANNA, MAJ, Installation, Told, mail
from tests.running import wait_until

pytestmark = pytest.mark.system

CHECK = "kontrollera@exempelkommun.example"
QUOTED = (
    "Hej Anna!\r\n\r\nVi ses på torsdag.\r\n\r\nMaj\r\n\r\n"
    "Den 3 mars 2026 kl. 10:15 skrev Anna <anna@medborgare.example>:\r\n"
    "> Hej, mitt personnummer är 19121212-1212.\r\n> Anna\r\n"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mina")
    with Installation(folder, front=f'check_address = "{CHECK}"') as place:
        yield place


def base(place) -> str:
    return f"http://127.0.0.1:{place.port}"


def form_token(told: Told) -> str:
    return re.search(r'name="form_token" value="([^"]*)"', told.text)[1]


def entered(place, address=MAJ, start="/mina", end="/mina?") -> tuple[str, str]:
    """The mailed link, and the cookie of somebody who followed it and came back to `start`."""
    before = len(place.notices(address))
    page = place.browser.get(f"{base(place)}{start}")
    fields = {"form_token": form_token(page), "address": address, "lang": "sv"}
    fields |= dict(re.findall(r'name="(to)" value="([^"]*)"', page.text))
    assert place.browser.post(f"{base(place)}/mina/be-om-lank", fields).status == 303
    text = place.notice(before, address).get_body(("plain",)).get_content()
    link = re.search(r"http://\S+/mina/in/\S+", text)[0]
    for method in ("HEAD", "GET"):  # a scanner follows it first
        assert "set-cookie" not in place.browser.get(link, method).headers
    told = place.browser.post(link, {"form_token": form_token(place.browser.get(link))})
    assert told.headers["location"].startswith(end)
    cookie = told.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    return link, cookie.partition(";")[0]


def logged_in(place, address=MAJ, start="/mina", end="/mina?") -> str:
    return entered(place, address, start, end)[1]


def test_a_link_works_once_and_a_login_ends_with_it(place):
    link, cookie = entered(place, "ulla@exempelkommun.example")
    mine, check = f"{base(place)}/mina", f"{base(place)}/kontrollera"
    button = {"form_token": form_token(place.browser.get(link))}
    again = place.browser.post(link, button)
    assert (again.status, again.headers.get("set-cookie")) == (401, None)
    assert "länken är redan använd" in again.text
    page = place.browser.get(mine, cookie=cookie)
    draft = {"form_token": form_token(place.browser.get(check, cookie=cookie)), "text": "Hej"}
    assert place.browser.post(check, draft, cookie=cookie).status == 200
    out = {"form_token": page.token("ut")}
    assert place.browser.post(f"{mine}/ut", out, cookie=cookie).status == 303
    assert "Skicka länken" in place.browser.get(mine, cookie=cookie).text
    assert place.browser.post(check, draft, cookie=cookie).status == 401
    assert place.browser.post(link, button).status == 401


def test_each_sees_her_own_rows_and_who_opened_them(place):
    place.send(mail(subject="egen rad"))
    (item,) = place.gateway.items("held")
    place.notice()
    place.gateway.command("quarantine", "show", item["id"])
    page = place.browser.get(f"{base(place)}/mina", cookie=logged_in(place)).text
    case = item["id"].rpartition(".")[0]
    assert case in page
    assert "såg sammanställningen" in page
    assert "Personnummer (******-****)" in page
    assert "egen rad" not in page
    other = place.browser.get(
        f"{base(place)}/mina", cookie=logged_in(place, "rut@exempelkommun.example")
    )
    assert case not in other.text
    assert "Det finns inga stoppade mejl" in other.text


def opened(place, page, case, cookie) -> Told:
    """The button of a row."""
    token = re.search(r'action="/mina/oppna"[^>]*>\s*<input[^>]* value="([^"]*)"', page.text)[1]
    fields = {"form_token": token, "id": case, "lang": "sv"}
    return place.browser.post(f"{base(place)}/mina/oppna", fields, cookie=cookie)


def test_every_row_leads_to_its_page(place, her_cookie):
    before = {item["id"] for item in place.gateway.items("held")}
    place.send(mail(subject="rad med sida"))
    (new,) = {item["id"] for item in place.gateway.items("held")} - before
    case = new.rpartition(".")[0]
    wait_until(lambda: any(case in str(one["subject"]) for one in place.notices()), "its notice")
    page = place.browser.get(f"{base(place)}/mina", cookie=her_cookie)
    link = opened(place, page, case, her_cookie).headers["location"].partition("?")[0]
    assert link.startswith(f"/m/{case}/")
    assert "Vad vill du göra?" in place.browser.get(f"{base(place)}{link}").text
    assert place.browser.act(f"{base(place)}{link}", "withdraw").status == 303
    again = opened(place, page, case, her_cookie).headers["location"]
    assert again.partition("?")[0] != link
    assert "Återtaget, inte skickat" in place.browser.get(f"{base(place)}{again}").text


def test_nobody_opens_a_row_of_somebody_else(place, her_cookie):
    place.send(mail(subject="hennes rad"))
    case = place.gateway.items()[0]["id"].rpartition(".")[0]
    place.notice()
    page = place.browser.get(f"{base(place)}/mina", cookie=her_cookie)
    rut = logged_in(place, "rut@exempelkommun.example")
    assert opened(place, page, case, rut).status == 410
    assert opened(place, page, case, "mina=x").status == 401
    assert opened(place, page, "", her_cookie).status == 410
    assert opened(place, page, "x" * 81, her_cookie).status == 400


def test_a_stranger_is_told_the_same_and_gets_nothing(place):
    page = place.browser.get(f"{base(place)}/mina")
    fields = {"form_token": form_token(page), "address": ANNA}
    told = place.browser.post(f"{base(place)}/mina/be-om-lank", fields)
    assert told.headers["location"].startswith("/mina?sent=1")
    assert place.notices(ANNA) == []


@pytest.fixture(scope="module")
def her_cookie(place) -> str:
    return logged_in(place, start="/kontrollera", end="/kontrollera?in=1")


def test_who_logged_in_for_a_check_is_back_at_it(place, her_cookie):
    page = place.browser.get(f"{base(place)}/kontrollera?in=1", cookie=her_cookie).text
    assert "Du är inloggad" in page
    assert 'name="text"' in page


@pytest.mark.parametrize("ticket", ["", "x", "A" * 80])
def test_without_a_ticket_there_is_no_list_and_no_check(place, her_cookie, ticket):
    """And a text that was written before the login ended is not lost."""
    cookie = f"mina={ticket}"
    assert "Skicka länken" in place.browser.get(f"{base(place)}/mina", cookie=cookie).text
    closed = place.browser.get(f"{base(place)}/kontrollera", cookie=cookie).text
    assert "Kontrollen är bara för dig som arbetar här" in closed
    assert 'name="text"' not in closed
    page = place.browser.get(f"{base(place)}/kontrollera", cookie=her_cookie)
    text = "Hej <b>Anna</b>,\n19121212-1212"
    fields = {"form_token": form_token(page), "text": text}
    told = place.browser.post(f"{base(place)}/kontrollera", fields, cookie=cookie)
    assert told.status == 401
    assert "Kontrollen är bara för dig som arbetar här" in told.text
    assert (
        unescape(re.search(r'name="text"[^>]*>\n(.*?)</textarea>', told.text, re.DOTALL)[1]) == text
    )
    assert "Ditt utkast skulle" not in told.text
    for odd in ({"text": "x" * 66_000}, {"form_token": "x" * 32}):
        refused = place.browser.post(f"{base(place)}/kontrollera", fields | odd, cookie=cookie)
        assert refused.status == (401 if "text" in odd else 403)
        assert "textarea" not in refused.text


def test_a_text_is_checked_and_nothing_is_kept(place):
    cookie = logged_in(place)
    before = place.gateway.items(), len(place.gateway.ask("audit-list", after=0, limit=10_000))
    page = place.browser.get(f"{base(place)}/kontrollera", cookie=cookie)
    for text, said in (
        ("Mitt personnummer är 19121212-1212.", "Ditt utkast skulle stoppas"),
        ("Vi ses på torsdag.", "Ditt utkast skulle gå som vanligt"),
    ):
        fields = {"form_token": form_token(page), "text": text}
        told = place.browser.post(f"{base(place)}/kontrollera", fields, cookie=cookie)
        assert said in told.text
        assert text not in told.text
    after = place.gateway.items(), len(place.gateway.ask("audit-list", after=0, limit=10_000))
    assert (after[0], after[1] - 1) == (before[0], before[1])  # our own look


def test_a_file_is_checked(place):
    cookie = logged_in(place)
    page = place.browser.get(f"{base(place)}/kontrollera", cookie=cookie)
    told = upload(place, cookie, form_token(page), "lista.csv", b"namn;pnr\nAnna;19121212-1212\n")
    assert "bilaga 1 (csv)" in told.text
    assert "lista" not in told.text


def upload(place, cookie, token, name, content) -> Told:
    import urllib.request

    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n{token}\r\n',
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n',
        "Content-Type: text/csv\r\n\r\n",
    ]
    body = "".join(parts).encode() + content + f"\r\n--{mark}--\r\n".encode()
    request = urllib.request.Request(f"{base(place)}/kontrollera", data=body)
    request.add_header("Content-Type", f"multipart/form-data; boundary={mark}")
    return place.browser.sent(request, {"cookie": cookie})


def test_a_draft_to_the_mailbox_is_answered_and_dropped(place):
    before, items = len(place.notices()), place.gateway.items()
    reply = place.send(mail(to=CHECK, subject="Utkastkanarie"), to=CHECK)
    assert "checked and dropped" in reply
    text = place.notice(before).get_body(("plain",)).get_content()
    assert "Personnummer (******-****)" in text
    assert "Utkastkanarie" not in place.notices()[before].as_string()
    assert "1212" not in text
    assert place.gateway.items() == items
    assert place.sink.to(CHECK) == []


def test_a_draft_goes_to_nobody_else(place):
    code, _ = place.gateway.send(mail(to=CHECK), MAJ, [CHECK, ANNA])
    assert code == 550
    code, _ = place.gateway.send(mail(to=CHECK), MAJ, [ANNA, CHECK])
    assert code == 550


def test_without_the_quoted_part(place):
    before = len(place.notices())
    place.send(mail(QUOTED, subject="Torsdag"))
    link = place.link(before)
    seen = place.browser.act(link, "quote")
    assert seen.status == 200
    assert "Vi ses på torsdag." in seen.text
    assert "1212-1212" not in seen.text
    assert place.sink.to(ANNA) == []
    told = place.browser.post(f"{link}/quote", {"form_token": seen.token("quote"), "send": "yes"})
    assert told.status == 303
    (arrived,) = wait_until(lambda: place.sink.to(ANNA), "the new mail")
    assert b"Vi ses" in arrived.data
    assert b"1212-1212" not in arrived.data
    assert b"Subject: Torsdag" in arrived.data
    assert arrived.mail == f"<{MAJ}>".encode()
    said = place.notice(before + 1).get_body(("plain",)).get_content()
    assert "utan citatet" in said


def quoted_with(*files, inner=None, picture=b"") -> bytes:
    """A mail with a finding in its quotation, and these (name, type, bytes) attached."""
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"], letter["Subject"] = f"Maj Ek <{MAJ}>", ANNA, "Bilagor"
    letter["Message-ID"] = f"<bilagor{len(files)}.{len(picture)}@exempelkommun.example>"
    letter.set_content(QUOTED.replace("\r\n", "\n"))
    if picture:
        rows = QUOTED.replace("\r\n", "<br>").replace(">", "&gt;").replace("&lt;br&gt;", "<br>")
        letter.add_alternative(f'<p>{rows}</p><img src="cid:1">', subtype="html")
        letter.get_payload()[1].add_related(
            picture, maintype="image", subtype="png", cid="<1>", filename="logotyp.png"
        )
    for name, kind, data in files:
        main, sub = kind.split("/")
        letter.add_attachment(data, maintype=main, subtype=sub, filename=name)
    if inner is not None:
        letter.add_attachment(inner)
    return letter.as_bytes()


def test_what_is_attached_goes_along_and_is_seen_first(place):
    table = b"dag;tid\r\ntorsdag;10\r\n" * 40
    before, arrived = len(place.notices()), len(place.sink.to(ANNA))
    place.send(quoted_with(("zq schema å.csv", "text/csv", table), ("b", "x-a/b", b"hej hej\n")))
    link = place.link(before)
    seen = place.browser.act(link, "quote")
    assert "zq schema å.csv (840" in seen.text.replace("<wbr>", "")
    assert "Bilder inne i" not in seen.text
    place.browser.post(f"{link}/quote", {"form_token": seen.token("quote"), "send": "yes"})
    wait_until(lambda: len(place.sink.to(ANNA)) > arrived, "the new mail")
    made = message_from_bytes(place.sink.to(ANNA)[-1].data, policy=policy.default)
    assert "Vi ses på torsdag" in made.get_body(("plain",)).get_content()
    names = {p.get_filename(): p.get_payload(decode=True) for p in made.iter_attachments()}
    assert names == {"zq schema å.csv": table, "b": b"hej hej\n"}
    assert b"1212-1212" not in place.sink.to(ANNA)[-1].data
    place.notice(before + 1)  # the last word: the next test counts notices


def test_an_attached_mail_cannot_go_along_and_the_page_says_so(place):
    inner = EmailMessage()
    inner["Subject"] = "Inre"
    inner.set_content("Hej igen.")
    before = len(place.notices())
    place.send(quoted_with(inner=inner))
    told = place.browser.act(place.link(before), "quote")
    assert told.status == 409
    assert "ligger ett annat mejl" in told.text


def test_a_picture_in_the_text_stays_behind():
    picture = b"\x89PNG\r\n\x1a\n" + bytes(60)
    along = attached(quoted_with(("a.csv", "text/csv", b"a;b\n"), picture=picture))
    assert [(name, data) for name, _, data in along.files] == [("a.csv", b"a;b\n")]
    assert along.pictures == 1
    signed = quoted_with(("smime.p7s", "application/pkcs7-signature", b"0\x82"))
    assert attached(signed).files == ()


def test_a_finding_of_her_own_is_no_quotation(place):
    before = len(place.notices())
    place.send(mail(subject="eget"))
    assert "Skicka utan citatet" not in place.browser.get(place.link(before)).text
