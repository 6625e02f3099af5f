"""E-identification: what a broker says is believed only if every part of it is right."""

import json
import re
import urllib.request
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import OctKey, RSAKey

from mailfilter.config.pickup import Eid
from mailfilter.connectors.pickup_eid import EidBroker, Person
from mailfilter.errors import Permanent, Temporary
from tests.pickup.broker import LOA3, Broker
from tests.pickup.test_pickup_pages import CANARY
from tests.pickup.whole import letter, links, pickup

CALLBACK = "http://127.0.0.1:1/eid"


@pytest.fixture
def broker():
    with Broker() as made:
        yield made


def ours(broker: Broker, **more) -> EidBroker:
    table = {"issuer": broker.issuer, "client_id": "mailfilter"} | more
    return EidBroker(Eid.model_validate(table), CALLBACK)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def visited(address: str) -> dict[str, str]:
    """Where the broker sends her back to, as its query."""
    try:
        urllib.request.build_opener(_Stay()).open(address)
    except urllib.error.HTTPError as answer:
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        return {name: values[0] for name, values in query.items()}
    raise AssertionError("it did not send her back")


async def identified(broker: Broker, **more) -> Person:
    eid = ours(broker, **more)
    waiting = await eid.start()
    back = visited(waiting.address)
    assert back["state"] == waiting.state
    return await eid.finish(back["code"], waiting.nonce, waiting.verifier, datetime.now(UTC))


async def test_she_is_who_the_broker_says(broker):
    assert await identified(broker) == Person("Anna Ek", LOA3)
    (query,) = broker.asked.values()
    assert query["code_challenge_method"] == "S256"
    assert LOA3 in query["acr_values"].split()
    assert query["redirect_uri"] == CALLBACK


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://127.0.0.1:1/other"},
        {"aud": "another"},
        {"aud": ["mailfilter", "another"]},
        {"aud": ["mailfilter", "another"], "azp": "another"},
        {"aud": None},
        {"azp": "another"},
        {"exp": 1},
        {"exp": None},
        {"exp": "9999999999"},
        {"iat": 99999999999},
        {"iat": None},
        {"nonce": "another"},
        {"nonce": None},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_this_visit(broker, claims):
    broker.claims = claims
    with pytest.raises(Permanent, match="not for this visit"):
        await identified(broker)


@pytest.mark.parametrize("acr", ["http://id.elegnamnden.se/loa/1.0/loa2", "", None, ["loa3"]])
async def test_a_lower_level_is_never_enough(broker, acr):
    broker.claims = {"acr": acr}
    with pytest.raises(Permanent, match="eid-level"):
        await identified(broker)


async def test_a_token_that_somebody_else_signed(broker):
    broker.signed_by = RSAKey.generate_key(2048, {"kid": "one"})
    with pytest.raises(Permanent, match="signed"):
        await identified(broker)


async def test_a_key_that_the_token_brings_along(broker):
    foreign = RSAKey.generate_key(2048)
    broker.signed_by = foreign
    broker.header = {"jwk": foreign.as_dict(private=False), "kid": "new"}
    with pytest.raises(Permanent):
        await identified(broker)
    broker.signed_by = None
    broker.header = {"jwk": foreign.as_dict(private=False)}
    with pytest.raises(Permanent):
        await identified(broker)


async def test_an_algorithm_that_we_did_not_name(broker):
    """The library itself refuses a public key as a shared secret, the oldest trick."""
    broker.algorithm = "HS256"
    broker.signed_by = OctKey.generate_key(256)
    with pytest.raises(Permanent, match="signed"):
        await identified(broker)


async def test_a_code_is_good_once_and_for_its_own_visit(broker):
    eid = ours(broker)
    first, second = await eid.start(), await eid.start()
    back = visited(first.address)
    now = datetime.now(UTC)
    with pytest.raises(Permanent):  # the other visit's verifier
        await eid.finish(back["code"], second.nonce, second.verifier, now)
    assert (await eid.finish(back["code"], first.nonce, first.verifier, now)).name == "Anna Ek"
    with pytest.raises(Permanent):
        await eid.finish(back["code"], first.nonce, first.verifier, now)


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("/idp/.well-known/openid-configuration", (500, b"")),
        ("/idp/.well-known/openid-configuration", (200, b"no json")),
        ("/idp/.well-known/openid-configuration", (200, b"[]")),
        ("/idp/.well-known/openid-configuration", (200, b'{"issuer": "http://e.example"}')),
        ("/idp/.well-known/openid-configuration", (302, b"")),
        ("/idp/keys", (500, b"")),
        ("/idp/keys", (200, b"?")),
        ("/idp/keys", (200, b"[]")),
    ],
)
async def test_a_broker_that_answers_nonsense_is_a_failure_for_now(broker, address, answer):
    broker.answers[address] = answer
    with pytest.raises(Temporary):
        await identified(broker)


async def test_a_broker_must_not_lead_to_what_is_not_encrypted():
    eid = EidBroker(Eid(issuer="https://idp.example", client_id="a"), CALLBACK)
    with pytest.raises(Temporary):
        eid._own("http://idp.example/token")
    assert eid._own("https://other.example/token")


async def test_nobody_there():
    eid = EidBroker(Eid(issuer="http://127.0.0.1:9", client_id="a"), CALLBACK)
    with pytest.raises(Temporary):
        await eid.start()


@pytest.mark.system
def test_through_the_whole_program(broker, tmp_path):
    """Health of a care provider: e-identification, never less."""
    extra = f'proof = "eid"\n[pickup.eid]\nissuer = "{broker.issuer}"\nclient_id = "mailfilter"\n'
    with pickup(tmp_path, extra) as at:
        browser = at.browser
        at.send(letter())
        page, follow = links(at, "h")[0], links(at, "f")[0]
        first = browser.get(page)
        assert "BankID" in first.text
        assert '/open"' not in first.text, "no weaker way"
        gone = browser.act(page, "eid")
        cookie = gone.headers["set-cookie"].partition(";")[0]
        for word in ("HttpOnly", "SameSite=lax"):
            assert word.lower() in gone.headers["set-cookie"].lower()
        address = re.search(r'href="(http[^"]*/login[^"]*)"', gone.text)[1].replace("&amp;", "&")
        back = visited(address)
        url = f"http://127.0.0.1:{at.port}/eid?code={back['code']}&state={back['state']}"
        assert browser.get(url).status == 403, "another browser"
        shown = browser.get(url, cookie=cookie)
        assert CANARY not in shown.text
        assert "Läst" not in browser.get(follow).text
        token = re.search(r'name="form_token" value="([0-9a-f]+)"', shown.text)[1]
        fields = {"form_token": token, "code": back["code"], "lang": "sv"}
        assert browser.post(f"{page}/eid-done", fields).status == 403, "without the cookie"
        read = browser.post(f"{page}/eid-done", fields, cookie=cookie)
        assert CANARY in read.text
        told = browser.get(follow).text
        assert "Anna Ek" in told
        assert "e-legitimation" in told
        broker.claims = {"acr": "loa2"}
        low = browser.act(page, "eid")
        back = visited(
            re.search(r'href="(http[^"]*/login[^"]*)"', low.text)[1].replace("&amp;", "&")
        )
        cookie = low.headers["set-cookie"].partition(";")[0]
        refused = browser.post(f"{page}/eid-done", fields | {"code": back["code"]}, cookie=cookie)
        assert refused.status == 403
        assert "starkare" in refused.text
        log = json.dumps(at.gateway.log())
        for word in (back["code"], "Anna Ek", page.rpartition("/")[2]):
            assert word not in log
