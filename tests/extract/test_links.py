"""Links to the organisation's own file stores: only what a browser would open there counts."""

import pytest

from mailfilter.extract.html import links
from tests.extract.reading import Budget, attachment, body, extract, parse, reasons, roles

HOSTS = ("kommunen.sharepoint.com", "kommunen-my.sharepoint.com", "*.filer.kommun.example")
SAFE = "https://eur01.safelinks.protection.outlook.com/?url="
OURS = [
    "https://kommunen.sharepoint.com/:w:/s/x/Abc?e=1",
    "HTTPS://Kommunen.SharePoint.COM:443/x",
    "https://kommunen-my.sharepoint.com",
    "https://a.b.filer.kommun.example/x",
    "http://kommunen.sharepoint.com./x",
    "https://kommunen%2Esharepoint.com/x",
    "https://anna:hej@kommunen.sharepoint.com/x",
    "https:\\\\kommunen.sharepoint.com\\x",
    SAFE + "https%3A%2F%2Fkommunen.sharepoint.com%2F%3Aw%3A%2Fs%2Fx%3Fe%3D1&data=05%7C02",
    SAFE + "https://kommunen.sharepoint.com/:w:/s/x&data=05",
    "https://kommunen.sharepoint.com\\@evil.example/",  # a backslash ends the host
]
STRANGERS = [
    "https://evil-kommunen.sharepoint.com.evil.example/x",
    "https://evil-kommunen.sharepoint.com/x",
    "https://kommunen.sharepoint.com.evil.example/",
    "https://kommunen.sharepoint.com@evil.example/",
    "https://kommunen.sharepoint.com:443@evil.example/",
    "https://kommunen.sharepoint.com%2F@evil.example/",
    "https://kommunen.sharepoint.com%40evil.example/",
    "https://evil.example/?url=https://kommunen.sharepoint.com/",
    "https://evil.example/https://kommunen.sharepoint.com/",
    SAFE.replace(".com", ".com.evil.example") + "https%3A%2F%2Fkommunen.sharepoint.com",
    SAFE + "https%3A%2F%2Fkommunen.sharepoint.com%40evil.example%2F",
    "https://filer.kommun.example/",
    "https://kommunensharepoint.com/",
    "kommunen.sharepoint.com",
    "ftp://kommunen.sharepoint.com/",
]
CARD = (
    '<div id="OwaReferenceAttachments"><table><tr><td><a href="{}" style="color:blue">'
    "Underlag.docx</a></td></tr></table></div>"
)


def found(*parts, hosts=HOSTS):
    return extract(parts, parse=parse, roles=roles.split, budget=Budget(), cloud_hosts=hosts)


@pytest.mark.parametrize("address", OURS)
def test_ours_in_text_html_and_outlooks_card(address):
    for part in (
        body(f"Se ({address}).".encode()),
        body(f"Se <{address}>\r\n".encode()),
        body(CARD.format(address.replace("&", "&amp;")).encode(), "text/html"),
        attachment(f"Se {address}, tack!".encode(), "a.txt"),
    ):
        read = found(part)
        assert reasons(read) == ["cloud-attachment"]
        assert read.not_examined[0].cls == "cloud-attachment"


@pytest.mark.parametrize("address", STRANGERS)
def test_strangers(address):
    for part in (
        body(f"Se {address} nu".encode()),
        body(CARD.format(address).encode(), "text/html"),
    ):
        assert reasons(found(part)) == []


def test_it_is_said_once_and_only_where_hosts_are_named():
    text = "\n".join(OURS).encode()
    assert reasons(found(body(text), body(text), attachment(text, "a.txt"))) == ["cloud-attachment"]
    assert reasons(found(body(text), hosts=())) == []


def test_an_address_without_end_costs_little():
    for piece in ("https://", "https://a", "https://a?url=", "https://a.b/%", SAFE):
        assert list(links.hosts(piece * 100_000))[:1] in (
            [],
            ["eur01.safelinks.protection.outlook.com"],
            ["a.b"],
        )
