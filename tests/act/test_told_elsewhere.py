"""One mail tells of a hand-over by pickup: the connector's own, and no notice beside it."""

import pytest

from mailfilter.act.carry_out import told_elsewhere
from mailfilter.model import Action
from mailfilter.outbox.notices import about_of
from mailfilter.record.contract import Parcel
from tests.act.office import NOW, dossier, settings, verdict

PICKUP = verdict("b@hem.example", Action.REDIRECT, connector="hamta")
BY_SMTP = verdict("b@hem.example", Action.REDIRECT, connector="saker")
HELD = verdict("d@hem.example")
PASSED = verdict("c@kommun.example", Action.RELAY)
TOLD = [
    ((PICKUP,), True),
    ((PICKUP, PASSED), True),
    ((PICKUP, HELD), False),
    ((PICKUP, BY_SMTP), False),
    ((BY_SMTP,), False),
    ((HELD,), False),
    ((PASSED,), False),
]


@pytest.mark.parametrize(("verdicts", "told"), TOLD)
def test_whether_pickup_tells_all(verdicts, told):
    assert told_elsewhere(verdicts, frozenset({"hamta"})) is told
    assert not told_elsewhere(verdicts, frozenset())


@pytest.mark.parametrize(("verdicts", "told"), TOLD[:-1])
def test_no_notice_stands_beside_pickups_own_mail(verdicts, told):
    smtp = {"host": "127.0.0.1", "tls": "none"}
    made = settings(connectors={"hamta": {"type": "pickup"}, "saker": smtp}, front={"port": 8443})
    of = dossier(tuple(one.recipient for one in verdicts), verdicts=verdicts)
    notice = Parcel(1, "notice", "M1", "", 0, NOW, of, "")
    assert (about_of(notice, [], made) is None) is told
