"""Who has never seen the project follows the manual word for word, to the first mail."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEADING = "From here to the first mail, before the queue of Postfix"
MOST = 8  # commands and edits from `init` to the first mail

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(shutil.which("postfix") is None, reason="postfix is not installed"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
    pytest.mark.skipif(
        os.geteuid() != 0
        or subprocess.run(
            ["unshare", "-n", "-m", "true"], check=False, capture_output=True
        ).returncode
        != 0,
        reason="namespaces need root",
    ),
]


@pytest.fixture(scope="module")
def followed(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("newcomer")
    for above in (folder, *folder.parents[:2]):
        above.chmod(0o755)  # for the user of the service, in a copy of pytest's own folders
    source = folder / "source"
    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in names.stdout.splitlines():
        if name.startswith(("mailfilter/", "detectors/", "deploy/")) and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    inside = [sys.executable, "-m", "tests.newcomer.machine", str(source), HEADING]
    done = subprocess.run(
        [*command, *inside], cwd=ROOT, capture_output=True, text=True, check=False, timeout=170,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_command_of_the_guide_succeeds(followed):
    for step in followed["told"]:
        assert step["status"] == 0, step


def test_they_are_at_most_eight_and_begin_with_init(followed):
    told = [step["command"] for step in followed["told"]]
    assert "mailfilter init" in told[0]
    assert len(told) <= MOST


def test_the_mail_arrives_and_was_examined(followed):
    assert len(followed["mails"]) == 1, followed["log"]
    assert "Subject: Prov" in followed["mails"][0]
    assert "postfix/checked/smtpd" in followed["log"]["/run/maillog"]
    assert '"coverage": "clean"' in followed["log"]["/run/journal"]


def test_init_says_what_it_wrote_and_what_comes_next(followed):
    said = followed["told"][0]["said"]
    for words in (
        "written: /etc/mailfilter/mailfilter.toml",
        "escrow.key",
        "systemctl enable --now",
        "the filter is off",
    ):
        assert words in said
