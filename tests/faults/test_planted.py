"""The harness finds bugs: each is put into the real program, and the ledger must name it.

Beside them the same troubles without a bug: of those it must say nothing.
"""

import time
from pathlib import Path

import pytest

from tests.faults import plants
from tests.faults.ledger import Mail
from tests.faults.rig import Rig
from tests.running import wait_until

pytestmark = pytest.mark.system

TROUBLES = {
    plants.EARLY: ("held", "db_pre_commit", "kill", "LOST"),
    plants.BLIND: ("held", "dot_seen", "hang", "NO VERDICT"),
    plants.TWICE: ("mixed", "relayed", "exception", "DOUBLED"),
    plants.COPY: ("held", "reply_said", "hang", ""),
}

# Another commit of the same process may meet the fault first: then the mail is not lost.
TIMES = {plants.EARLY: 4}


def troubled(rig: Rig, bug: str, planted: bool) -> Mail:
    """A mail that meets its fault, with the bug or without; a retry by the ledger's rules."""
    kind, point, fault, _ = TROUBLES[bug]
    wait_until(rig.gateway.desk_is_up, "desk")
    rig.page.plant(bug if planted else "")
    mail = rig.mail(kind)
    since = time.monotonic()
    rig.page.arm(point, fault, hang=0.2)
    rig.deliver(mail)
    wait_until(lambda: rig.page.fired, f"{point} of {bug}")
    rig.excuse(since, point)
    rig.page.disarm()
    if fault == "exception":
        rig.page.step_clock(rig.page.clock + 300)  # past the lease
        rig.deliver(mail)
    return mail


def test_planted_bugs_are_named_and_the_same_troubles_without_them_are_borne(tmp_path: Path):
    with Rig(tmp_path, seed=1, tries=1) as rig:
        good = [troubled(rig, bug, planted=False) for bug in TROUBLES]
        bad = {
            bug: [troubled(rig, bug, planted=True) for _ in range(TIMES.get(bug, 1))]
            for bug in TROUBLES
        }
        rig.page.plant()
        found = rig.balance()
    for bug, mails in bad.items():
        tokens = {mail.token for mail in mails}
        named = {violation.what for violation in found if violation.token in tokens}
        assert named == ({TROUBLES[bug][3]} - {""}), (bug, *map(rig.story, tokens))
    assert [v.words for v in found if v.what == "PLAINTEXT"] == ["last-message"]
    for mail in good:
        assert not [v for v in found if v.token == mail.token], rig.story(mail.token)
    assert {v.token for v in found} <= {
        "",
        *(mail.token for mails in bad.values() for mail in mails),
    }
