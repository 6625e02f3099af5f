"""Every named change is seen, at once and after the program has gone on; a sample of random ones.

``make audit`` runs 1,000 random ones (`audit_campaign.py`).
"""

from random import Random

import pytest

from tests.record.audit_campaign import sample
from tests.record.audit_changes import ANCHORED, CHANGES
from tests.record.audit_story import Story, attacked, tell
from tests.record.making import Mails, Open, Parts


@pytest.fixture
async def story(store: Parts, mails: Mails) -> Story:
    return await tell(store, mails)


async def nothing(_scene: object) -> None:
    """The attack that is none."""


async def test_an_honest_log_holds(story: Story) -> None:
    for goes_on in (0, 2):
        assert await attacked(story, nothing, Random(0), anchored=True, goes_on=goes_on) == []


async def test_every_named_change_is_seen(story: Story) -> None:
    assert len(CHANGES) >= 58
    missed = [
        (name, goes_on)
        for name, change in CHANGES.items()
        for goes_on in (0, 2)
        if not await attacked(story, change, Random(1), anchored=True, goes_on=goes_on)
    ]
    assert missed == []


async def test_without_a_checkpoint_only_rolling_back_is_not_seen(story: Story) -> None:
    missed = {
        name
        for name, change in CHANGES.items()
        if not await attacked(story, change, Random(1), anchored=False)
    }
    assert missed == ANCHORED
    assert len(ANCHORED) / len(CHANGES) <= 4 / 37


async def test_random_changes_are_seen(story: Story) -> None:
    tried, missed, _ = await sample(story, 60, seed=7)
    assert (tried, missed) == (60, [])


async def test_the_honest_state_is_left_by_the_attacks(opening: Open, story: Story) -> None:
    for name in ("the database is rolled back", "empty the log"):
        assert await attacked(story, CHANGES[name], Random(1), anchored=True)
    assert (await story.parts.archive.verify_audit())[1] == ""
