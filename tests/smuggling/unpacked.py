"""Exim and OpenSMTPD as they were unpacked, each in a mount namespace of its own, as root.

There their files lie over ``/usr``, their users over ``/etc``, and what they write in ``/var`` and
``/run`` is gone with them. They accept everything for everybody and keep it in their queue; what
they accepted stands in their log. Exim is made as easy to smuggle past as it can be: it bears input
that comes before its answer.

    python -m tests.smuggling.unpacked SERVER FOLDER [try]    # mounts, then becomes the server
"""

import ctypes
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.running import Process, free_port, greets, wait_until
from tests.smuggling.fetch import PLACE

ROOT = Path(__file__).parents[2]
MODULE = "tests.smuggling.unpacked"
USERS = ("Debian-exim", "opensmtpd", "opensmtpq")
EXIM = """
exim_user = Debian-exim
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
primary_hostname = exim.exempelkommun.example
log_file_path = {folder}/log-%s
spool_directory = /var/spool/unpacked
pid_file_path = /var/spool/unpacked/pid
queue_only = true
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = accept
acl_smtp_data = accept
smtputf8_advertise_hosts = *
smtp_accept_max = 100
smtp_enforce_sync = false
smtp_accept_queue_per_connection = 0
message_size_limit = 50M
keep_environment =
tls_advertise_hosts =
begin acl
begin routers
all:
  driver = manualroute
  route_list = * 127.0.0.1
  transport = nowhere
  self = send
begin transports
nowhere:
  driver = smtp
  port = 9
"""
OPENSMTPD = """
listen on 127.0.0.1 port {port} hostname smtpd.exempelkommun.example
action "nowhere" relay host smtp://127.0.0.1:9
match from any for any action "nowhere"
"""
CONFIGS = {"exim": EXIM, "opensmtpd": OPENSMTPD}
ACCEPTED = {
    "exim": re.compile(r"^\S+ \S+ (\S+) <= (\S+)", re.MULTILINE),
    "opensmtpd": re.compile(r" smtp envelope evpid=(\w{8})\w{8} from=<([^>]*)>"),
}
LOGS = {"exim": "log-main", "opensmtpd": "log"}
CLONE_NEWNS = 0x00020000


@dataclass
class Unpacked:
    """A running server; `name` is ``exim`` or ``opensmtpd``."""

    name: str
    port: int = field(default_factory=free_port)
    folder: Path = Path()
    process: Process | None = None

    def __enter__(self) -> "Unpacked":
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        self.folder.chmod(0o777)
        config = self.folder / "conf"
        config.write_text(CONFIGS[self.name].format(port=self.port, folder=self.folder))
        command = [sys.executable, "-m", MODULE, self.name, str(self.folder)]
        self.process = Process(command, self.folder / "log", cwd=ROOT)
        wait_until(lambda: greets(self.port), lambda: f"start of {self.name}: {self.log()}")
        return self

    def __exit__(self, *_) -> None:
        if self.process:
            self.process.end()
        subprocess.run(["rm", "-rf", self.folder], check=False)

    def log(self) -> str:
        path = self.folder / LOGS[self.name]
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def accepted(self) -> list[str]:
        """The sender of each message in its queue."""
        return list(dict(ACCEPTED[self.name].findall(self.log())).values())


def usable(name: str) -> str:
    """Why this server cannot run here; nothing if it can."""
    if not (PLACE / name).is_dir():
        return f"{name} is not unpacked: python -m tests.smuggling.fetch"
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", MODULE, name, folder, "try"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stderr[-300:] if done.returncode else ""


# ---- inside ----------------------------------------------------------------------------------


def _mount(kind: str, target: str, options: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(kind.encode(), target.encode(), kind.encode(), 0, options.encode()):
        number = ctypes.get_errno()
        raise OSError(number, f"{target}: {os.strerror(number)}")


def _private() -> None:
    """A mount namespace of our own, from which nothing spreads."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "no mount namespace: this needs root")
    private, recursive = 1 << 18, 1 << 14
    if libc.mount(b"none", b"/", None, private | recursive, None):
        raise OSError(ctypes.get_errno(), "mounts cannot be made private")


def _lay_over(name: str, over: str) -> None:
    """Its files over /usr, and in the folder `over` what is written."""
    Path(over).mkdir()
    _mount("tmpfs", over, "")
    for place in ("etc", "var"):
        upper, work = Path(over, place), Path(over, f"{place}-work")
        upper.mkdir()
        work.mkdir()
        _mount("overlay", f"/{place}", f"lowerdir=/{place},upperdir={upper},workdir={work}")
    _mount("overlay", "/usr", f"lowerdir={PLACE / name}/usr:/usr")
    _mount("tmpfs", "/run", "mode=755")


def _users() -> dict[str, int]:
    ids = {}
    for n, user in enumerate(USERS, 64_001):
        with Path("/etc/passwd").open("a") as passwd, Path("/etc/group").open("a") as group:
            passwd.write(f"{user}:x:{n}:{n}::/var/empty:/bin/false\n")
            group.write(f"{user}:x:{n}:\n")
        ids[user] = n
    return ids


def become(name: str, folder: str) -> None:
    """This process is the server from now on."""
    ids = _users()
    for place in ("/var/empty", "/var/lib/opensmtpd/empty", "/var/spool/unpacked"):
        Path(place).mkdir(parents=True, exist_ok=True)
    os.chown("/var/spool/unpacked", ids["Debian-exim"], ids["Debian-exim"])
    os.chdir("/")
    command = {
        "exim": ["exim4", "-C", f"{folder}/conf", "-bdf"],
        "opensmtpd": ["smtpd", "-d", "-f", f"{folder}/conf"],
    }[name]
    os.execv(f"/usr/sbin/{command[0]}", command)


if __name__ == "__main__":
    _private()
    _lay_over(sys.argv[1], f"{sys.argv[2]}/over")
    if "try" not in sys.argv:
        become(sys.argv[1], sys.argv[2])
