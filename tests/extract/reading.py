"""Reading a file as an attachment, and looking for the test number in what comes out."""

from detectors import Role
from mailfilter.extract import Budget, Extracted, extract
from mailfilter.model import Part
from mailfilter.parse import parse, roles
from mailfilter.place import Place, Step, StepKind

NUMBER = "19121212-1212"  # the well-known test number
PLAIN = "191212121212"


def attachment(data, name="", type_="application/octet-stream", **more):
    step = Step(StepKind.ATTACHMENT, 1, name, name.rpartition(".")[2])
    return Part(Place(Role.ATTACHMENT, (step,)), type_, data, name, **more)


def body(data, type_="text/plain", charset="utf-8"):
    return Part(Place(Role.BODY), type_, data, charset=charset)


def read(data, name="", type_="application/octet-stream", budget=None, **more) -> Extracted:
    part = attachment(data, name, type_, **more)
    return extract([part], parse=parse, roles=roles.split, budget=budget or Budget())


def read_body(data, type_="text/plain", charset="utf-8", **more) -> Extracted:
    part = body(data, type_, charset)
    return extract([part], parse=parse, roles=roles.split, budget=Budget(), **more)


def reasons(found: Extracted) -> list[str]:
    return [each.reason for each in found.not_examined]


def places(found: Extracted, wanted=(NUMBER, PLAIN)) -> list[Place]:
    """The places where any of the wanted spellings stands."""
    hits = []
    for text in found.texts:
        for number in wanted:
            at = text.content.find(number)
            if at >= 0:
                hits.append([place for start, place in text.places if start <= at][-1])
    return hits


def kinds(found: Extracted, wanted=(NUMBER, PLAIN)) -> set[StepKind]:
    """The kinds of step on the ways to the number."""
    return {step.kind for place in places(found, wanted) for step in place.steps}


def contents(found: Extracted) -> str:
    return "\n".join(text.content for text in found.texts)
