"""check-config says what would make the mail with a link look forged."""

import subprocess
import sys

import pytest

from mailfilter import config
from mailfilter.pickup.dns import aligned, faults
from tests.connectors.dkim_key import KEY
from tests.running import ROOT, free_port
from tests.sink import Sink

DOMAIN = "kommun.example"
RECORDS = {
    DOMAIN: ["v=spf1 mx -all", "something else"],
    f"s._domainkey.{DOMAIN}": [KEY.record.decode()],
    f"_dmarc.{DOMAIN}": ["v=DMARC1; p=reject"],
}


def settings(tmp_path, **changes):
    key = tmp_path / "dkim.pem"
    key.write_bytes(KEY.pem)
    notice = {"dkim_domain": DOMAIN, "dkim_selector": "s", "dkim_key": str(key)}
    table = {
        "organisation": {"domains": [DOMAIN]},
        "notice": notice | changes.pop("notice", {}),
        "connectors": {"hamta": {"type": "pickup"}},
        "pickup": changes.pop("pickup", {}),
    }
    return config.validate(table | changes, "test")


def said(tmp_path, records, **changes) -> list[str]:
    return faults(settings(tmp_path, **changes), lambda name: records.get(name, ()))


def test_all_is_well(tmp_path):
    assert said(tmp_path, RECORDS) == []


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ({DOMAIN: []}, "no SPF record"),
        ({DOMAIN: ["v=spf1 -all", "v=spf1 mx"]}, "more than one SPF"),
        ({f"s._domainkey.{DOMAIN}": []}, "has no key"),
        ({f"s._domainkey.{DOMAIN}": ["v=DKIM1; p="]}, "has no key"),
        ({f"s._domainkey.{DOMAIN}": ["v=DKIM1; p=AAAA"]}, "another key"),
        ({f"_dmarc.{DOMAIN}": []}, "no DMARC"),
    ],
)
def test_one_record_is_wrong(tmp_path, records, words):
    (sentence,) = said(tmp_path, RECORDS | records)
    assert words in sentence


def test_domains_that_are_not_aligned(tmp_path):
    more = {"pickup": {"mail_sender": "hej@annan.example"}}
    sentences = said(tmp_path, RECORDS | {"annan.example": ["v=spf1 mx"]}, **more)
    assert any("signed by kommun.example" in one for one in sentences)
    assert any("annan.example has no DMARC" in one for one in sentences)
    more = {"pickup": {"return_address": "studs@annan.example"}}
    sentences = said(tmp_path, RECORDS | {"annan.example": ["v=spf1 mx"]}, **more)
    assert [one.partition(":")[0] for one in sentences] == ["pickup.return_address"]


def test_the_record_of_a_domain_above_is_enough(tmp_path):
    pickup = {"mail_sender": f"hej@post.{DOMAIN}"}
    records = RECORDS | {f"post.{DOMAIN}": ["v=spf1 mx"]}
    assert said(tmp_path, records, pickup=pickup) == []


def test_without_dns_it_says_so_and_without_pickup_nothing(tmp_path):
    def silent(name):
        raise OSError("timeout")

    (sentence,) = faults(settings(tmp_path), silent)
    assert "DNS does not answer" in sentence
    assert faults(settings(tmp_path, connectors={}), silent) == []


def test_unsigned_mail_is_said(tmp_path):
    notice = {"dkim_domain": "", "dkim_selector": "", "dkim_key": None}
    assert any("not signed" in one for one in said(tmp_path, RECORDS, notice=notice))


@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [
        ("a.example", "a.example", True),
        ("b.a.example", "a.example", True),
        ("a.example", "b.a.example", True),
        ("xa.example", "a.example", False),
        ("a.example", "example", False),
    ],
)
def test_alignment(one, other, fits):
    assert aligned(one, other) is fits


@pytest.mark.system
def test_check_config_says_it_and_is_no_fault_of_the_file(tmp_path):
    file = tmp_path / "mailfilter.toml"
    with Sink() as hop:
        file.write_text(
            f"[listen]\nport = {free_port()}\n[web]\nport = {free_port()}\n"
            f'[next_hop]\nport = {hop.port}\n[store]\nurl = "sqlite:///{tmp_path}/x.db"\n'
            f'keys = "{tmp_path}/keys"\nrun = "{tmp_path}/run"\n'
            '[organisation]\ndomains = ["kommun.invalid"]\n[connectors.hamta]\ntype = "pickup"\n',
            "utf-8",
        )
        done = subprocess.run(
            [sys.executable, "-m", "mailfilter", "check-config", "-c", str(file)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0
    assert "not signed" in done.stderr
    assert "give front.port" in done.stderr
    assert "pickup.switchboard: must be given" in done.stderr
