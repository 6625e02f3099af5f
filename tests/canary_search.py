"""A reviewer and an auditor search for what canary mails say; what their pages hold is kept.

The field of a page repeats what was typed, to nobody but who typed it: that is taken out. Whatever
else a page holds, its address and its headers, must be as free of canaries as any output.
"""

import html
import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from tests.canary import CITIZEN, NUMBERS, SENDER, TEXT

PURPOSE = {"purpose": "incident"}


class Searcher:
    """Somebody who is logged in; follows where her forms lead."""

    def __init__(self, gateway, name: str, role: str) -> None:
        asked = {"name": name, "emergency": True}  # the second is made while the first is at work
        gateway.ask("user-add", **asked, role=role, password="fyra hästar på rad")
        secret = gateway.ask("user-link", **asked)["secret"]
        self.root = f"http://127.0.0.1:{gateway.web}"
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._opener.addheaders = [("accept-language", "sv")]
        self.found: dict[str, bytes] = {}
        self._name = name
        self._token = self._token_of(self.sent("/login")[1])
        self.sent("/login/link", {"secret": secret})
        self._token = self._token_of(self.sent("/account")[1])

    def search(self, text: str, **more: str) -> str:
        """The page that a search leads to; kept without what the field repeats."""
        place, page = self.sent("/find", {"q": text} | more)
        kept = page.replace(f'value="{html.escape(text)}"', "")
        if "/item/" in place:
            kept = ""  # the page of a mail shows its subject by intent
        self.found[f"search page {self._name} {len(self.found)}"] = f"{place} {kept}".encode()
        return page

    def sent(self, path: str, fields: dict[str, str] | None = None) -> tuple[str, str]:
        """(where it led, the page)"""
        data = None
        if fields is not None:
            token = {"form_token": self._token} if path != "/login" else {}
            data = urllib.parse.urlencode(token | fields).encode()
        try:
            answer = self._opener.open(f"{self.root}{path}", data, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.url, answer.read().decode()

    @staticmethod
    def _token_of(page: str) -> str:
        return re.search(r'form_token" value="(\w+)"', page)[1]


def searched(gateway) -> dict[str, bytes]:
    """The pages of all kinds of search, as name → bytes; audit lines and log are in the outputs
    that the gateway writes."""
    greta = Searcher(gateway, "greta", "reviewer")
    held = gateway.items("held")[0]["id"]
    assert "Mejl " in greta.search(held.lower())
    for text in (TEXT[0], TEXT[2], f"{TEXT[0]} {TEXT[2]}", "zqfilnam", f"{TEXT[0]}*", *NUMBERS):
        greta.search(text)
    assert held in greta.search("zqfilnamn") + greta.search(TEXT[0]), "the words are indexed"
    for who in (CITIZEN, SENDER):
        assert "Varför söker du" in greta.search(who)
        assert held in greta.search(who, **PURPOSE)
    rolf = Searcher(gateway, "rolf", "auditor")
    rolf.search(held)
    rolf.search(CITIZEN)
    _, page = rolf.sent("/find", {"reviewer": "greta", "purpose": "oversight"})
    lists = {f"page of {name}": data for name, data in greta.found.items()}  # show addresses
    return lists | rolf.found | {"search by reviewer": page.encode()}
