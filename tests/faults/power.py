"""A disk whose power can be cut: a file system in memory that forgets what was not synced.

    with Disk(folder) as disk:
        ...                # files under `folder`
        disk.cut(seed)     # from now on every call fails with EIO; what was not synced is gone
        disk.up()          # power is back

It speaks the kernel's FUSE protocol on /dev/fuse itself (no library; the right to mount is needed)
and holds two versions of each file: what programs see, and what would be found after a power cut.
``fsync`` copies the changed sectors from the first to the second, and nothing else does. At a cut
a random part of the unsynced sectors survives, each as the last write left it: a disk may have
written some, in any order; seed 0 loses all. A name is durable after an fsync of the folder or of
its file. Layouts and numbers: the kernel's ``include/uapi/linux/fuse.h``, protocol 7.31.
"""

import ctypes
import errno
import os
import random
import stat
import struct
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 4096
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass
class Node:
    """A file: `live` is what programs see, `safe` what a power cut leaves."""

    live: bytearray = field(default_factory=bytearray)
    safe: bytearray = field(default_factory=bytearray)
    dirty: set[int] = field(default_factory=set)  # sectors that may differ
    mode: int = 0o600
    owner: tuple[int, int] = (0, 0)

    def write(self, at: int, data: bytes) -> None:
        self.live += bytes(max(0, at - len(self.live)))
        self.live[at : at + len(data)] = data
        self.dirty.update(range(at // SECTOR, (at + len(data) - 1) // SECTOR + 1))

    def resize(self, size: int) -> None:
        del self.live[size:]
        self.live += bytes(size - len(self.live))
        self.dirty.add(size // SECTOR)

    def keep(self, sectors: set[int], size: int) -> None:
        """These sectors and this length are on the disk now."""
        del self.safe[size:]
        self.safe += bytes(size - len(self.safe))
        for start in (n * SECTOR for n in sectors if n * SECTOR < size):
            piece = self.live[start : min(start + SECTOR, size)]
            self.safe[start : start + len(piece)] = piece

    def lose(self, chance: random.Random | None) -> None:
        """The power goes: some of the rest was written already, or nothing."""
        if chance is not None:
            size = len(chance.choice((self.live, self.safe)))
            self.keep({n for n in self.dirty if chance.random() < 0.5}, size)
        self.dirty.clear()
        self.live[:] = self.safe


class Disk:
    """See the module. One folder, no folders in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nodes: dict[int, Node] = {}
        self.names: dict[bytes, int] = {}
        self.safe_names: dict[bytes, int] = {}
        self._down = False
        self._lock = threading.Lock()

    def __enter__(self) -> "Disk":
        self.folder.mkdir(exist_ok=True)
        self._fd = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self._fd},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
        if _LIBC.mount(b"powercut", os.fsencode(self.folder), b"fuse", 6, options):
            os.close(self._fd)
            raise OSError(ctypes.get_errno(), "mount")
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        _LIBC.umount2(os.fsencode(self.folder), 2)
        os.close(self._fd)

    def cut(self, seed: int = 0) -> None:
        chance = random.Random(seed) if seed else None
        with self._lock:
            self._down = True
            for node in self.nodes.values():
                node.lose(chance)
            self.names = dict(self.safe_names)

    def up(self) -> None:
        self._down = False

    # ---- the conversation with the kernel ------------------------------------------------

    def _serve(self) -> None:
        while True:
            try:
                request = os.read(self._fd, (1 << 20) + SECTOR)
                if answer := self._answer(request):
                    os.write(self._fd, answer)
            except OSError as error:
                if error.errno not in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                    return  # unmounted

    def _answer(self, request: bytes) -> bytes:
        _, opcode, unique, node, uid, gid, *_ = struct.unpack_from("<IIQQIIIHH", request)
        if opcode in (2, 36, 42):  # FORGET, INTERRUPT, BATCH_FORGET: none is expected
            return b""
        with self._lock:
            try:
                if self._down:
                    raise OSError(errno.EIO, "no power")
                if opcode not in _CALLS:
                    raise OSError(errno.ENOSYS, "not needed by a database")
                body = _CALLS[opcode](self, node, request[40:], (uid, gid))
            except OSError as error:
                return struct.pack("<IiQ", 16, -(error.errno or errno.EIO), unique)
        return struct.pack("<IiQ", 16 + len(body), 0, unique) + body

    def _attr(self, number: int) -> bytes:
        now, node = int(time.time()), self.nodes.get(number, Node())
        mode = stat.S_IFREG | node.mode if number > 1 else stat.S_IFDIR | 0o777
        sizes = (number, len(node.live), -(-len(node.live) // 512), now, now, now)
        return struct.pack("<6Q10I", *sizes, 0, 0, 0, mode, 1, *node.owner, 0, SECTOR, 0)

    def _entry(self, number: int) -> bytes:
        return struct.pack("<QQQQII", number, 0, 0, 0, 0, 0) + self._attr(number)

    def _lookup(self, _node: int, body: bytes, _who) -> bytes:
        if number := self.names.get(body.rstrip(b"\0")):
            return self._entry(number)
        raise OSError(errno.ENOENT, "no such name")

    def _getattr(self, number: int, _body: bytes, _who) -> bytes:
        return struct.pack("<QII", 0, 0, 0) + self._attr(number)

    def _setattr(self, number: int, body: bytes, _who) -> bytes:
        valid, size = struct.unpack_from("<I12xQ", body)
        mode, _, uid, gid = struct.unpack_from("<4I", body, 68)
        if node := self.nodes.get(number):
            if valid & 8:
                node.resize(size)
            node.mode = mode & 0o7777 if valid & 1 else node.mode
            node.owner = (uid if valid & 2 else node.owner[0], gid if valid & 4 else node.owner[1])
        return self._getattr(number, b"", None)

    def _create(self, _node: int, body: bytes, who) -> bytes:
        mode = struct.unpack_from("<4xI", body)[0]
        number = len(self.nodes) + 2
        self.nodes[number] = Node(mode=mode & 0o7777, owner=who)
        self.names[body[16:].rstrip(b"\0")] = number
        return self._entry(number) + self._open(number, b"", who)

    def _open(self, number: int, _body: bytes, _who) -> bytes:
        return struct.pack("<QII", number, 1, 0)  # 1: no page cache, every byte is ours

    def _read(self, number: int, body: bytes, _who) -> bytes:
        at, size = struct.unpack_from("<8xQI", body)
        return bytes(self.nodes[number].live[at : at + size])

    def _write(self, number: int, body: bytes, _who) -> bytes:
        at, size = struct.unpack_from("<8xQI", body)
        self.nodes[number].write(at, body[40 : 40 + size])
        return struct.pack("<II", size, 0)

    def _fsync(self, number: int, _body: bytes, _who) -> bytes:
        self.nodes[number].keep(self.nodes[number].dirty, len(self.nodes[number].live))
        self.nodes[number].dirty.clear()
        self.safe_names |= {name: n for name, n in self.names.items() if n == number}
        return b""

    def _fsyncdir(self, *_) -> bytes:
        self.safe_names = dict(self.names)
        return b""

    def _unlink(self, _node: int, body: bytes, _who) -> bytes:
        self.names.pop(body.rstrip(b"\0"), None)
        return b""

    def _nothing(self, *_) -> bytes:
        return b""


_CALLS = {1: Disk._lookup, 3: Disk._getattr, 4: Disk._setattr, 10: Disk._unlink, 14: Disk._open,
    15: Disk._read, 16: Disk._write, 20: Disk._fsync, 27: Disk._open, 30: Disk._fsyncdir,
    35: Disk._create, **dict.fromkeys((18, 25, 28, 29), Disk._nothing),  # releases; an empty folder
    17: lambda *_: struct.pack("<5Q4I24x", *[1 << 20] * 5, SECTOR, 255, SECTOR, 0),
    26: lambda *_: struct.pack("<4I2H2I2H2I24x", 7, 31, 0, 32, 16, 12, 1 << 17, 1, 32, 0, 0, 0),
}  # fmt: skip
