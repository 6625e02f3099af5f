"""Fail points are harmless where nobody armed them, and the code names each of the closed list."""

import re
from pathlib import Path

import pytest

from mailfilter import failpoint

PRODUCT = Path(failpoint.__file__).parent


def test_a_point_that_nobody_armed_does_nothing():
    assert failpoint._act is None
    for name in failpoint.POINTS:
        failpoint.reach(name)


def test_who_arms_hears_of_every_point(monkeypatch: pytest.MonkeyPatch):
    heard: list[str] = []
    monkeypatch.setattr(failpoint, "_act", None)
    failpoint.arm(heard.append)
    failpoint.reach("verdict")
    assert heard == ["verdict"]


def test_the_code_reaches_the_points_of_the_list_and_no_others():
    used = [
        name
        for path in PRODUCT.rglob("*.py")
        for name in re.findall(r'failpoint\.reach\("(\w+)"\)', path.read_text("utf-8"))
    ]
    assert set(used) == set(failpoint.POINTS)


def test_the_product_never_arms_one():
    sources = [p.read_text("utf-8") for p in PRODUCT.rglob("*.py") if p.name != "failpoint.py"]
    assert not [source for source in sources if re.search(r"failpoint\.(arm|_act)\b", source)]
