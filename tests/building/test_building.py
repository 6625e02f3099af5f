"""Tests of the building: what the house rules say of layout, size, imports and licences."""

import ast
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP = {"README.md", "mailfilter", "detectors", "deploy", "tests", "pyproject.toml"}
CODE = sorted((ROOT / "mailfilter").rglob("*.py")) + sorted((ROOT / "detectors").rglob("*.py"))
NAMELESS = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
FENCES = {
    "mailfilter/receive",  # the SMTP handler
    "mailfilter/workers/worker.py",  # the worker process
    "mailfilter/outbox/outbox.py",  # the scheduler
    "mailfilter/app",  # the scheduler of sweeps and reports
    "mailfilter/extract/office/spreadsheet.py",  # Rust's panics have no class that could be named
}


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]


def functions(path: Path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node) -> int:
    return node.end_lineno - node.lineno + 1


def test_six_names_at_the_top():
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    extra = {n for n in names if not n.startswith(".") and not n.endswith(".lock")}
    assert extra - TOP <= {"Makefile", "LICENSE"}


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_short_named_and_documented(path):
    text = path.read_text("utf-8")
    assert text.count("\n") <= 600
    assert path.stem not in NAMELESS
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module needs a docstring"


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_functions_are_short(path):
    assert [f"{f.name}: {length(f)}" for f in functions(path) if length(f) > 60] == []


def test_the_median_function_is_at_most_ten_lines():
    lengths = sorted(length(f) for path in CODE for f in functions(path))
    assert lengths[len(lengths) // 2] <= 10
    assert lengths[len(lengths) * 9 // 10] <= 30


def swallows_everything(node) -> bool:
    """A handler of every exception that does not end by raising it again."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = node.type.id if isinstance(node.type, ast.Name) else "" if node.type else "Exception"
    again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
    return caught in ("Exception", "BaseException") and not again


def test_everything_is_caught_only_at_the_fences():
    for path in CODE:
        name = str(path.relative_to(ROOT))
        if any(swallows_everything(node) for node in ast.walk(ast.parse(path.read_text("utf-8")))):
            assert name.startswith((*FENCES, "mailfilter/app/supervisor.py")), name


def test_the_fence_test_sees_a_swallowed_exception():
    code = "try:\n    pass\nexcept Exception:\n    pass"
    assert any(swallows_everything(node) for node in ast.walk(ast.parse(code)))
    assert not any(swallows_everything(n) for n in ast.walk(ast.parse(code[:-4] + "raise")))


def test_no_rest_for_later():
    marks = re.compile(
        r"#\s*(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b|raise NotImplementedError"
    )
    assert [str(p) for p in CODE if marks.search(p.read_text("utf-8"))] == []


def test_every_detector_is_listed_and_tested():
    import detectors

    kinds = {kind for detector in detectors.DETECTORS for kind in detector.KINDS}
    tested = {path.stem for path in (ROOT / "tests" / "detectors").glob("*.txt")}
    assert kinds - tested == set()


def test_imports_point_one_way():
    command = [Path(sys.executable).parent / "lint-imports"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


FREE = re.compile(
    r"apache|mit\b|mit license|bsd|isc|psf|python software|mozilla|mpl|lgpl|lesser general|zlib|"
    r"unlicense|cc0|public domain|0bsd|hpnd",
    re.IGNORECASE,
)
# A licence that the metadata does not name, read in the package's own files
READ = {
    "pyrage": "MIT",
    "dkimpy": "BSD-like (zlib)",
    "asyncpg": "Apache-2.0",
}


def licence(package) -> str:
    data = package.metadata
    classifiers = [c for c in data.get_all("Classifier") or [] if c.startswith("License")]
    return " ".join(
        filter(None, [data.get("License-Expression"), data.get("License"), *classifiers])
    )


def pinned(name: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", (ROOT / name).read_text(), re.MULTILINE))


def test_every_dependency_may_be_used_under_our_licence():
    ours = pinned("constraints.lock")
    bad = {}
    for package in distributions():
        name = re.sub(r"[._]+", "-", package.metadata["Name"]).lower()
        if name in ours and not FREE.search(READ.get(name, "") or licence(package)[:2000]):
            bad[name] = licence(package)[:80]
    assert bad == {}


def test_the_project_names_its_licence():
    assert "SPDX-License-Identifier: Apache-2.0" in (ROOT / "pyproject.toml").read_text()
    assert "Apache License" in (ROOT / "LICENSE").read_text()


def test_every_word_list_names_source_date_and_licence():
    for path in [*(ROOT / "detectors").rglob("*.txt")]:
        head = path.read_text("utf-8")[:1500].lower()
        for word in ("source", "date", "licence"):
            assert word in head, f"{path.name} does not name its {word}"


def test_no_index_address_and_no_path_of_a_machine():
    hosts = re.compile(
        r"py" + r"pi\.org|python" + r"hosted|registry\.npm" + r"js|deb\.debi" + r"an"
    )
    for path in tracked():
        if path.suffix in {".py", ".md", ".toml", ".lock", ".txt", ".html", ""}:
            assert not hosts.search(path.read_text("utf-8", "replace")), path


NUMBER = re.compile(r"(?<![\d.])((?:19|20)?\d{2}[01]\d[0-9]\d[-+ ]?\d{4})(?!\d)")


def luhn(digits: str) -> bool:
    doubled = (int(d) * (2 - n % 2) for n, d in enumerate(digits[-10:]))
    return sum(n - 9 * (n > 9) for n in doubled) % 10 == 0


def possible(digits: str) -> bool:
    month, day = int(digits[-8:-6]), int(digits[-6:-4])
    return luhn(digits) and 1 <= month <= 12 and (1 <= day <= 31 or 61 <= day <= 91)


SHOWN = {"1212121212", "0011223344"}  # a well-known example, and digits of a header
VERIFIED = {"dev.jsonl"}  # its numbers are of the whole official list, of which ours is a part
HOLD_TEXT = {".py", ".md", ".toml", ".html", ".smtp", ".jsonl", ".txt", ".csv", ".eml"}
PHONE = re.compile(r"(?<![\w-])(?:\+46 ?(?:\(0\) ?)?|0)[1-9]\d{0,2}[ –-] ?\d[\d ]{4,9}\d(?![\d-])")
FICTION = re.compile(r"(?:8465004\d\d|313900[67]\d\d|40628\d{4}|980319[23]\d\d|701740[67]\d\d)")


def test_only_official_test_numbers_stand_in_the_project():
    data = ROOT / "tests" / "data"
    official = {
        line.strip()[-10:]
        for path in data.glob("test_*nummer.txt")
        for line in path.read_text().splitlines()
    } | SHOWN
    strange = set()
    for path in tracked():
        if path.suffix in HOLD_TEXT and path.parent != data and path.name not in VERIFIED:
            for match in NUMBER.finditer(path.read_text("utf-8", "replace")):
                digits = re.sub(r"\D", "", match[1])
                if possible(digits) and digits[-10:] not in official:
                    strange.add(f"{path.name}: {match[1]}")
    assert strange == set()


def test_telephones_of_labelled_mail_are_those_set_aside_for_fiction():
    strange = set()
    for path in (ROOT / "tests" / "quality" / "ordinary").glob("*.jsonl"):
        for match in PHONE.finditer(path.read_text("utf-8")):
            digits = re.sub(r"\D", "", match[0]).removeprefix("46").lstrip("0")
            if 8 <= len(digits) <= 9 and not FICTION.fullmatch(digits):
                strange.add(f"{path.name}: {match[0]}")
    assert strange == set()
