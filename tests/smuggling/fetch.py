"""Fetch Exim and OpenSMTPD and unpack them beside what is installed: nothing is installed.

    python -m tests.smuggling.fetch

Both would remove Postfix if they were installed, so their packages are only downloaded (from where
the machine gets its packages) and unpacked into ``var/mail-servers``. Libraries that are missing
here come along. Where that cannot be done it says so and exits with 1; the tests then have Postfix
only.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES = {"exim": "exim4-daemon-light", "opensmtpd": "opensmtpd"}
PLACE = Path(__file__).parents[2] / "var" / "mail-servers"


def needed(package: str) -> list[str]:
    """The package, and what it needs that this machine has not."""
    command = ["apt-get", "-s", "install", "--no-install-recommends", package]
    env = os.environ | {"LC_ALL": "C"}
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout
    return re.findall(r"^Inst (\S+) ", told, re.MULTILINE) or [package]


def fetch(name: str) -> None:
    """Unpack a server, if it is not there yet."""
    if (PLACE / name).exists():
        return
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)  # the downloader is a user of its own
        names = needed(PACKAGES[name])
        subprocess.run(["apt-get", "-q", "download", *names], check=True, cwd=folder, timeout=300)
        half = Path(tempfile.mkdtemp(dir=PLACE))
        for package in Path(folder).glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, half], check=True)
        half.chmod(0o755)
        half.rename(PLACE / name)


def main() -> int:
    missing = 0
    for name in PACKAGES:
        try:
            fetch(name)
        except (OSError, subprocess.SubprocessError) as error:
            missing += 1
            print(f"{name} cannot be fetched ({error}): tested without it", file=sys.stderr)
    for half in PLACE.glob("tmp*"):
        shutil.rmtree(half)
    return missing > 0


if __name__ == "__main__":
    raise SystemExit(main())
