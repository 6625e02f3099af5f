"""The benchmark of identity numbers on a part of its texts, and that it can fail."""

import pytest

from tests.quality.adapters import ADAPTERS, Filter
from tests.quality.numbers_run import figures, measure, reached

FIGURES = figures(0.01)


@pytest.mark.parametrize("at", range(len(FIGURES)), ids=[figure.title for figure in FIGURES])
def test_figures_are_reached(at):
    figure = figures(0.01)[at]
    total, found, _wrong, shown = measure(ADAPTERS["mailfilter"](), figure)
    assert reached(figure, found / total), shown


@pytest.mark.parametrize("confidence", [49, 50])
def test_a_filter_that_sees_nothing_or_everything_fails(confidence):
    find: Filter = lambda text: [confidence]  # noqa: E731 - a filter is a function
    results = []
    for figure in figures(0.01):
        total, found, *_ = measure(find, figure)
        results.append(reached(figure, found / total))
    assert False in results
    assert results.count(True) == (6 if confidence == 49 else 2)
