"""What can be known before the start is said before the start, with exit code 2."""

import subprocess
import sys

import pytest

from tests.running import free_port

pytestmark = pytest.mark.system  # runs the whole program

CONFIG = """
[listen]
port = {port}
[web]
port = {web}
health_port = {health}
[store]
url = "{url}"
keys = "{folder}/keys"
run = "{folder}/run"
"""


def serve(folder, url="", more=""):
    text = CONFIG.format(
        port=free_port(),
        web=free_port(),
        health=free_port(),
        folder=folder,
        url=url or f"sqlite:///{folder}/x.db",
    )
    (folder / "c.toml").write_text(text + more)
    command = [sys.executable, "-m", "mailfilter", "serve", "-c", str(folder / "c.toml")]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


DKIM = '[notice]\ndkim_domain = "a.example"\ndkim_selector = "s"\ndkim_key = "/nowhere/key"\n'
WRONG = {
    "a store that cannot be": ("sqlite:////proc/nowhere/x.db", "", "/proc/nowhere"),
    "a key that is not there": ("", DKIM, "/nowhere/key"),
}


@pytest.mark.parametrize("what", WRONG)
def test_serve_ends_with_a_sentence(tmp_path, what):
    url, more, named = WRONG[what]
    done = serve(tmp_path, url, more)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_serve_leaves_the_first_alone(tmp_path):
    import fcntl

    (tmp_path / "run").mkdir(mode=0o700)
    with (tmp_path / "run" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = serve(tmp_path)
    assert done.returncode == 2
    assert "another mailfilter is running" in done.stderr
    assert not (tmp_path / "run" / "scan.sock").exists()
