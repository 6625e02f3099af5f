"""A sample of the broken configurations of `make broken-configs`."""

import subprocess
import sys

import pytest

from tests.preflight.broken import Load, Result, _told, refusal, unnamed
from tests.preflight.mutations import Files, Mutation, dumped, mutated, reference
from tests.running import ROOT
from tests.sink import Sink

SAMPLE = range(1000, 1080)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    with Sink() as sink:
        yield Files(tmp_path_factory.mktemp("broken"), sink.port)


def test_the_reference_itself_is_good(files):
    file = files.folder / "c.toml"
    file.write_text(dumped(reference(files)), "utf-8")
    assert refusal(file) == (0, [])


def test_what_is_refused_is_named_with_its_key(files):
    file = files.folder / "c.toml"
    statuses = []
    for seed in SAMPLE:
        mutation = mutated(seed, reference(files))
        file.write_text(mutation.text, "utf-8")
        status, said = refusal(file)
        assert status == 0 or unnamed(mutation, said, files.folder) == "", mutation.what
        statuses.append(status)
    assert statuses.count(2) > len(statuses) / 3
    assert 0 in statuses


def test_the_same_seed_is_the_same_mutation(files):
    assert mutated(7, reference(files)) == mutated(7, reference(files))


def test_a_refusal_without_the_key_is_seen(files):
    mutation = Mutation("x", ("port",), "")
    assert unnamed(mutation, ["c.toml:1: listen.host: is wrong"], files.folder)
    assert unnamed(mutation, ["c.toml:1: listen.port: is wrong"], files.folder) == ""


REFUSED = Result(1, "x", 2)
FAILING = {
    "accepted and failing": (Result(1, "x", 0, "451"), []),
    "refused without a key": (Result(1, "x", 2, "names nothing"), []),
    "a session dropped": (REFUSED, ["421"]),
}


@pytest.mark.parametrize("what", FAILING)
def test_each_kind_of_failure_fails_the_run(what, capsys):
    result, dropped = FAILING[what]
    assert _told([result], Load(0, 1, dropped)) == 1
    assert _told([REFUSED], Load(0, 1)) == 0


@pytest.mark.system
def test_two_of_them_under_load():
    command = [sys.executable, "-m", "tests.preflight.broken", "--count", "2", "--seed", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 refused, 0 not to be told, 1 accepted" in done.stdout
