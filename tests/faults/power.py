"""A disk whose power can be cut: a file system in memory that forgets what was not synced.

    with Disk(folder) as disk:
        ...                # files and folders under `folder`
        disk.sync()        # all there is is on the disk
        disk.cut(seed)     # from now on every call fails with EIO; what was not synced is gone
        disk.up()          # power is back

It speaks the kernel's FUSE protocol on /dev/fuse itself (no library; the right to mount is needed)
and holds two versions of each file and of the names in each folder: what programs see, and what a
power cut leaves. ``fsync`` copies the changed sectors from the first to the second, and nothing
else does. At a cut a random part of the unsynced sectors survives, each as the last write left it,
and the names of a random half of the folders: a disk may have written some, in any order; seed 0
loses all. A name is durable after an fsync of its folder or of its file. Layouts and numbers: the
kernel's ``include/uapi/linux/fuse.h``, protocol 7.31.
"""

import ctypes
import errno
import itertools
import os
import random
import stat
import struct
import threading
import time
from pathlib import Path

from tests.faults.power_node import SECTOR, Node

_LIBC = ctypes.CDLL(None, use_errno=True)


class Disk:
    """See the module. No links, no room set aside in advance."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nodes = {1: Node(mode=stat.S_IFDIR | 0o777)}
        self._numbers = itertools.count(2)
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
            named = {n for node in self.nodes.values() for n in node.names.values()}
            self.nodes = {n: node for n, node in self.nodes.items() if n == 1 or n in named}

    def sync(self) -> None:
        with self._lock:
            for node in self.nodes.values():
                node.sync()
                node.safe_names = dict(node.names)

    def up(self) -> None:
        self._down = False

    # ---- the conversation with the kernel ------------------------------------------------

    def _serve(self) -> None:
        while True:
            try:
                request = os.read(self._fd, (1 << 17) + SECTOR)
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
            except (OSError, KeyError) as error:  # KeyError: a file that the last cut took
                return struct.pack("<IiQ", 16, -getattr(error, "errno", errno.ESTALE), unique)
        return struct.pack("<IiQ", 16 + len(body), 0, unique) + body

    def _attr(self, number: int) -> bytes:
        now, node = int(time.time()), self.nodes[number]
        sizes = (number, len(node.live), -(-len(node.live) // 512), now, now, now)
        return struct.pack("<6Q10I", *sizes, 0, 0, 0, node.mode, 1, *node.owner, 0, SECTOR, 0)

    def _entry(self, number: int) -> bytes:
        return struct.pack("<QQQQII", number, 0, 0, 0, 0, 0) + self._attr(number)

    def _lookup(self, folder: int, body: bytes, _who) -> bytes:
        if number := self.nodes[folder].names.get(body.rstrip(b"\0")):
            return self._entry(number)
        raise OSError(errno.ENOENT, "no such name")

    def _getattr(self, number: int, _body: bytes, _who) -> bytes:
        return struct.pack("<QII", 0, 0, 0) + self._attr(number)

    def _setattr(self, number: int, body: bytes, _who) -> bytes:
        valid, size = struct.unpack_from("<I12xQ", body)
        mode, _, uid, gid = struct.unpack_from("<4I", body, 68)
        node = self.nodes[number]
        if valid & 8:
            node.resize(size)
        node.mode = stat.S_IFMT(node.mode) | mode & 0o7777 if valid & 1 else node.mode
        node.owner = (uid if valid & 2 else node.owner[0], gid if valid & 4 else node.owner[1])
        return self._getattr(number, b"", None)

    def _new(self, folder: int, name: bytes, mode: int, who) -> bytes:
        number = next(self._numbers)
        self.nodes[number] = Node(mode=mode, owner=who, within=folder)
        self.nodes[folder].names[name.rstrip(b"\0")] = number
        return self._entry(number)

    def _create(self, folder: int, body: bytes, who) -> bytes:
        mode = stat.S_IFREG | struct.unpack_from("<4xI", body)[0] & 0o7777
        return self._new(folder, body[16:], mode, who) + self._open(0, b"", who)

    def _mkdir(self, folder: int, body: bytes, who) -> bytes:
        mode = stat.S_IFDIR | struct.unpack_from("<I", body)[0] & 0o7777
        return self._new(folder, body[8:], mode, who)

    def _rename(self, folder: int, body: bytes, _who) -> bytes:
        goal, (old, new) = struct.unpack_from("<Q", body)[0], body[8:].split(b"\0")[:2]
        number = self.nodes[folder].names.pop(old)
        self.nodes[goal].names[new], self.nodes[number].within = number, goal
        return b""

    def _readdir(self, folder: int, body: bytes, _who) -> bytes:
        at, size = struct.unpack_from("<8xQI", body)
        names, found = self.nodes[folder].names, b""
        for number, name in sorted((n, name) for name, n in names.items() if n > at):
            entry = struct.pack("<QQII", number, number, len(name), 0) + name
            if len(found) + len(entry) + 8 > size:
                break
            found += entry + bytes(-len(entry) % 8)
        return found

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
        node = self.nodes[number]
        folder = self.nodes[node.within]
        node.sync()
        folder.safe_names = {name: n for name, n in folder.safe_names.items() if n != number}
        folder.safe_names |= {name: n for name, n in folder.names.items() if n == number}
        return b""

    def _fsyncdir(self, number: int, *_) -> bytes:
        self.nodes[number].safe_names = dict(self.nodes[number].names)
        return b""

    def _unlink(self, folder: int, body: bytes, _who) -> bytes:
        names, name = self.nodes[folder].names, body.rstrip(b"\0")
        if self.nodes[names[name]].names:
            raise OSError(errno.ENOTEMPTY, "not empty")
        del names[name]
        return b""


_CALLS = {1: Disk._lookup, 3: Disk._getattr, 4: Disk._setattr, 9: Disk._mkdir, 10: Disk._unlink,
    11: Disk._unlink, 12: Disk._rename, 14: Disk._open, 15: Disk._read, 16: Disk._write,
    20: Disk._fsync, 27: Disk._open, 28: Disk._readdir, 30: Disk._fsyncdir, 35: Disk._create,
    **dict.fromkeys((18, 25, 29), lambda *_: b""),  # something is closed
    17: lambda *_: struct.pack("<5Q4I24x", *[1 << 20] * 5, SECTOR, 255, SECTOR, 0),
    26: lambda *_: struct.pack("<4I2H2I2H2I24x", 7, 31, 0, 32, 16, 12, 1 << 17, 1, 32, 0, 0, 0),
}  # fmt: skip
