"""A machine of its own for a guide: namespaces of network and files, on a copy of the source.

Run by ``unshare --net --mount --pid --fork`` as root. ``/etc`` is a copy, ``/root``, ``/run``,
``/opt`` and what services keep are empty, port 25 is free, and the machine reaches nobody. What is
no part of the guide stands in: systemd (`systemctl` starts what a unit says, as its user) and the
Internet (a next hop that keeps all mail). The guide's blocks go to a shell as they stand.

    python -m tests.newcomer.machine SOURCE HEADING

prints one JSON object: what each command said, and the mails that arrived.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.sink import Sink

INTERNET = 2525
SYSTEMCTL = """#!{python}
import os, pwd, re, subprocess, sys
unit = open(sys.argv[-1]).read()
said = dict(re.findall(r"^(\\w+)=(.*)$", unit, re.MULTILINE))
who = pwd.getpwnam(said["User"])
for folder in ("/var/lib/" + said["StateDirectory"], "/run/" + said["RuntimeDirectory"]):
    os.makedirs(folder, 0o700, exist_ok=True)
    os.chown(folder, who.pw_uid, who.pw_gid)
command = ["runuser", "-u", said["User"], "--", *said["ExecStart"].split()]
log = open("/run/journal", "w")
subprocess.Popen(command, cwd=said["WorkingDirectory"], stdout=log, stderr=log)
"""


def sh(command: str) -> None:
    subprocess.run(["sh", "-ec", command], check=True, stdout=subprocess.DEVNULL)


def prepare(source: Path) -> None:
    """The machine as the guide finds it: installed, with a Postfix that delivers."""
    python = sys.executable
    sh("ip link set lo up; mount --make-rprivate /; mount -t tmpfs tmpfs /mnt; cp -a /etc /mnt/etc")
    sh("mount --bind /mnt/etc /etc")
    empty = ["/root", "/run", "/opt", "/usr/local/sbin", "/var/spool/postfix", "/var/lib/postfix"]
    kept = source.parent / "lib"
    sh(f"mkdir {kept}; mount --bind {kept} /var/lib; mkdir /var/lib/postfix")
    for folder in empty[:-1]:
        sh(f"mount -t tmpfs tmpfs {folder}")
    sh("chown postfix /var/lib/postfix; mkdir /run/lock; rm -rf /etc/mailfilter")
    sh(
        "id mailfilter 2>&- || useradd --system --user-group --home-dir /var/lib/mailfilter"
        " --no-create-home --shell /usr/sbin/nologin mailfilter"
    )
    program = Path("/opt/mailfilter/venv/bin/mailfilter")
    program.parent.mkdir(parents=True)
    program.write_text(
        f"#!/bin/sh\nexport PYTHONPATH={source} PYTHONDONTWRITEBYTECODE=1\n"
        f'exec {python} -m mailfilter "$@"\n'
    )
    systemctl = Path("/usr/local/sbin/systemctl")
    systemctl.write_text(SYSTEMCTL.format(python=python))
    for path in (program, systemctl):
        path.chmod(0o755)
    sh(
        f"postconf relayhost=[127.0.0.1]:{INTERNET} smtp_dns_support_level=disabled"
        " smtp_host_lookup=native inet_protocols=ipv4 maillog_file=/run/maillog mydestination="
        " alias_maps= alias_database= smtpd_peername_lookup=no"
        " maillog_file_prefixes=/run,/var; postfix start 2>&-"
    )


def commands(source: Path, heading: str) -> list[str]:
    """The commands of the first shell block below `heading`, as they stand."""
    text = (source / "deploy" / "README.md").read_text("utf-8")
    block = re.search(
        rf"^#+ {re.escape(heading)}$.*?^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL
    )
    assert block, heading
    found, begun = [], ""
    for line in block[1].splitlines():
        begun += line + "\n"
        if not line.endswith("\\") and begun.count("'") % 2 == 0:
            found.append(begun.strip())
            begun = ""
    return found


def waited(done, seconds: float = 60) -> bool:
    """Whether `done` came true in time."""
    until = time.monotonic() + seconds
    while not (came := done()) and time.monotonic() < until:
        time.sleep(0.1)
    return bool(came)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def follow(source: Path, heading: str) -> dict:
    """What came of it."""
    told = []
    with Sink(INTERNET) as internet:
        for command in commands(source, heading):
            done = subprocess.run(
                ["sh", "-c", command], capture_output=True, text=True, check=False, cwd="/root",
                env={"HOME": "/root", "PATH": os.environ["PATH"]},
            )  # fmt: skip
            told.append(
                {"command": command, "status": done.returncode, "said": done.stdout + done.stderr}
            )
            if command.startswith("systemctl"):  # which waits until the service is up
                waited(lambda: listens(10025))
        waited(lambda: internet.mails, 30)
        mails = [mail.data.decode("utf-8", "replace") for mail in internet.mails]
    log = {
        name: Path(name).read_text("utf-8", "replace")
        for name in ("/run/journal", "/run/maillog")
        if Path(name).exists()
    }
    return {"told": told, "mails": mails, "log": log}


def main() -> None:
    source = Path(sys.argv[1])
    output = os.dup(1)
    os.dup2(2, 1)
    prepare(source)
    result = follow(source, sys.argv[2])
    os.write(output, json.dumps(result).encode())


if __name__ == "__main__":
    assert shutil.which("postfix")
    main()
