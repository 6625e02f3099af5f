"""Every page of pickup in every state, by axe-core and at 360 px.

``BARRIERS=all`` walks each way in each language, some 150 states; else in Swedish, one in English.
"""

import os
import re
import sqlite3
import tomllib
from contextlib import closing, contextmanager
from importlib.resources import files

import pytest

from mailfilter.record.pickup.contract import TRIES
from mailfilter.record.pickup.visitors import FREE
from tests.browser.window import Barriers, shot
from tests.pickup.broker import Broker
from tests.pickup.whole import HTML, Sms, letter, links, mailed, pickup, read_out

pytestmark = pytest.mark.system
FILES = (("lista 2026.csv", b"a;b\r\n"), ("ett mycket långt namn på en fil utan slut.csv", b"x"))
TABLES = """shared = ["@delad.example"]
answer_size = 20000
least = [{{ proof = "eid", kinds = ["health"] }}]
[pickup.eid]
issuer = "{issuer}"
client_id = "mailfilter"
"""
SICK = "Min son Bo Alm har diagnosen schizofreni."
MOBILE = "070-174 06 05"
EVERY = os.environ.get("BARRIERS") == "all"


@contextmanager
def serving(folder):
    """Every proof that there is."""
    with (
        Broker() as broker,
        Sms() as sms,
        pickup(folder, TABLES.format(issuer=broker.issuer), sms) as at,
    ):
        at.broker, at.sms = broker, sms
        yield at


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("barriers")) as at:
        yield at


class Walk:
    """A person, and the sender, in one language; what axe says of where they come."""

    def __init__(self, place, page, language: str, proof: str) -> None:
        self.place, self.page, self.language, self.proof = place, page, language, proof
        text = files("mailfilter.front.pickup_words").joinpath(f"{language}.toml")
        self.words = tomllib.loads(text.read_text("utf-8"))
        self.barriers = Barriers(page)

    def say(self, key: str) -> str:
        section, name = key.split(".")
        return self.words[section][name]

    def send(self, to: str = "", text: str = "") -> None:
        known = {kind: len(mailed(self.place, kind)) for kind in "hf"}
        data = letter(HTML, FILES)
        if text:
            data = data.replace(b"Zqbrodtext om Anna", text.encode())
        self.place.send(data, **({"to": to} if to else {}))
        self.link, self.follow = (
            links(self.place, kind, known[kind] + 1)[-1] for kind in ("h", "f")
        )

    def fresh(self) -> None:
        """The link that was mailed last."""
        self.link = links(self.place, "h")[-1]

    @property
    def box(self) -> str:
        text = self.place.browser.get(self.follow).text
        return re.search(r'name="box" value="([a-z2-7]{16})"', text)[1]

    def sender(self, act: str, **fields: str) -> None:
        known = len(mailed(self.place, "h"))
        told = self.place.browser.act(self.follow, act, box=self.box, **fields)
        assert told.status == 303, told.text
        if act in ("number", "resend"):
            self.link = links(self.place, "h", known + 1)[-1]

    def code(self) -> str:
        return read_out(self.place.browser, self.follow)

    def go(self, link: str) -> None:
        self.page.goto(f"{link}?lang={self.language}")

    def tap(self, key: str, **said: str) -> None:
        name = self.say(key).format(**said)
        self.page.get_by_role("button", name=name, exact=True).click()

    def submit(self, code: str) -> None:
        self.page.locator("#code").fill(code)
        self.tap("pickup.open")

    def look(self, name: str) -> None:
        self.barriers.look(f"pickup-{self.language}-{self.proof}-{name}")

    def ended(self, how: str) -> None:
        """As if its time were over."""
        with closing(sqlite3.connect(self.place.folder / "mailfilter.db", timeout=60)) as store:
            id = self.follow.split("/")[-2]
            store.execute("UPDATE pickup_deposit SET ended = ? WHERE id = ?", (how, id))
            store.commit()

    def tried_by_others(self) -> None:
        """As if many visitors had tried what is left of the total."""
        with closing(sqlite3.connect(self.place.folder / "mailfilter.db", timeout=60)) as store:
            id = self.link.split("/")[-2]
            assert store.execute(
                "UPDATE pickup_box SET tries = ? WHERE id = ?", (TRIES, id)
            ).rowcount
            store.commit()

    def read_and_answered(self) -> None:
        """From the message, which stands on the page."""
        self.look("read")
        self.tap("pickup-read.answer-go")
        self.look("empty")
        field = self.page.locator("#text")
        field.fill("Zqsvar")
        self.page.locator("#files-field").set_input_files(
            [{"name": "stor.bin", "mimeType": "x/y", "buffer": bytes(30_000)}]
        )
        self.tap("pickup-read.answer-go")
        self.look("too-big")
        self.tap("pickup-read.answer-go")
        self.look("answered")

    def ends(self) -> None:
        """Expired and withdrawn, for both."""
        self.go(self.follow)
        self.look("follow-read")
        for how in ("expired", "withdrawn"):
            self.ended(how)
            for who, link in (("", self.link), ("follow-", self.follow)):
                self.go(link)
                self.look(f"{who}{how}")

    def locked(self) -> None:
        self.go(self.link)
        for _ in range(FREE):
            self.submit("x")
        self.look("waits")
        self.tried_by_others()
        self.go(self.link)
        self.look("locked")
        self.go(self.follow)
        self.look("follow-locked")
        self.sender("resend")


def by_code(walk: Walk) -> None:
    walk.send()
    walk.go(walk.link)
    walk.page.locator("details").last.locator("summary").click()
    walk.look("first")
    walk.tap("pickup.stuck-go")
    walk.look("stuck")
    walk.go(walk.follow)
    walk.look("follow")
    walk.tap("follow.code")
    walk.page.locator("details").first.locator("summary").click()
    walk.look("follow-code")
    walk.page.locator("input[name=mobile]").fill("x")
    walk.tap("follow.number")
    walk.look("follow-mobile")
    walk.page.locator("input[name=at]").fill("2020-01-01T10:00")
    walk.tap("follow.watch")
    walk.look("follow-watch")
    walk.go(walk.link)
    walk.submit("000000x")
    walk.look("wrong")
    walk.locked()
    walk.go(walk.link)
    walk.submit(walk.code())
    known = len(mailed(walk.place, "h"))
    walk.read_and_answered()
    walk.go(links(walk.place, "h", known + 1)[-1])
    walk.look("answer-first")
    walk.tap("pickup.open")
    walk.look("answer-read")
    walk.ends()
    walk.go(f"{walk.link[:-3]}xyz")
    walk.look("no-such-link")


def by_letter(walk: Walk) -> None:
    walk.send()
    walk.go(walk.follow)
    walk.page.locator("details").first.locator("summary").click()
    walk.page.locator("select[name=way]").select_option("letter")
    walk.tap("follow.outcome-go")
    walk.look("follow-chosen")
    walk.tap("follow.letter")
    walk.look("paper")
    walk.page.emulate_media(media="print")
    shot(walk.page, f"pickup-{walk.language}-letter-printed")
    assert not walk.page.get_by_role("link").count(), "what she reads herself is not printed"
    walk.page.emulate_media(media="screen")
    walk.page.goto(f"{walk.follow.partition('/f/')[0]}/brev?lang={walk.language}")
    walk.look("gone")


def by_sms(walk: Walk) -> None:
    walk.send()
    walk.sender("number", mobile=MOBILE)
    walk.go(walk.link)
    walk.look("first")
    walk.place.sms.status = 500
    walk.tap("pickup.sms-send")
    walk.look("failed")
    walk.place.sms.status = 200
    walk.go(walk.link)
    walk.page.get_by_text(walk.say("pickup.sms-none")).click()
    walk.look("sent")
    walk.submit("000 000")
    walk.look("wrong")
    walk.locked()
    walk.go(walk.link)
    for _ in range(6):
        walk.place.browser.act(walk.link, "sms")
    walk.go(walk.link)
    walk.page.get_by_text(walk.say("pickup.sms-none")).click()
    walk.tap("pickup.sms-again")
    walk.look("spent")
    walk.submit(walk.place.sms.code)
    walk.read_and_answered()
    walk.ends()


def by_eid(walk: Walk) -> None:
    walk.send(text=SICK)
    walk.go(walk.link)
    walk.look("first")
    broker = walk.place.broker.issuer
    walk.page.route(f"{broker}/**", lambda route: route.fulfill(status=204))
    walk.tap("pickup.eid-go", eid="BankID")
    walk.page.get_by_role("heading", name=walk.say("pickup-eid.go-title")).wait_for()
    walk.look("go")
    walk.page.unroute_all()
    walk.page.get_by_role("link", name=walk.say("pickup-eid.go"), exact=True).click()
    walk.look("back")
    walk.place.broker.acr = "loa2"
    walk.tap("pickup.open")
    walk.look("too-weak")
    walk.place.broker.acr = type(walk.place.broker).acr
    walk.page.goto(f"{walk.follow.partition('/f/')[0]}/eid?state=x&lang={walk.language}")
    walk.look("foreign")
    walk.go(walk.link)
    walk.tap("pickup.eid-go", eid="BankID")
    walk.page.wait_for_url("**/eid?**")
    walk.tap("pickup.open")
    walk.read_and_answered()
    walk.ends()


def by_many(walk: Walk) -> None:
    walk.send(to="registrator@delad.example")
    walk.go(walk.link)
    walk.look("first")
    walk.go(walk.follow)
    walk.page.locator("details").first.locator("summary").click()
    walk.page.locator("input[name=passphrase]").fill("kort")
    walk.tap("follow.passphrase")
    walk.look("follow-short")
    walk.sender("passphrase", passphrase="Sju små svarta katter")
    walk.go(walk.link)
    walk.page.locator("#opener").fill("  ")
    walk.submit("Sju små svarta katter")
    walk.look("nameless")
    walk.page.locator("#opener").fill("Ada Lind")
    walk.submit("fel")
    walk.look("wrong")
    walk.submit("sju små  SVARTA katter")
    walk.read_and_answered()
    walk.ends()


WAYS = (by_code, by_letter, by_sms, by_eid, by_many)
CASES = [(way, "sv") for way in WAYS] + [(by_eid, "en")]
if EVERY:
    CASES = [(way, language) for way in WAYS for language in ("sv", "en", "fi")]


@pytest.mark.parametrize(
    ("way", "language"), CASES, ids=lambda part: getattr(part, "__name__", part)
)
def test_no_state_has_a_barrier(place, examined, way, language):
    walk = Walk(place, examined, language, way.__name__.removeprefix("by_"))
    way(walk)
    assert walk.barriers.found == []
    assert len(walk.barriers.seen) >= 3
