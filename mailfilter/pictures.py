"""Which pictures were read and say nothing: hashes in memory that all processes share.

Logos and signatures come with every mail. Each is read once; from then on it is known by the keyed
hash of its file, and a mail with nothing else is read like plain text. The supervisor makes the
memory before it forks; who asks workers writes into it, workers look only.

Invariants: bounded, the place of a new one is that of an old one; nothing is written to disk. The
key is made of a secret in that memory and of everything that the answer depends on (`key`): a
change of program, OCR data, levels or registers makes all that was remembered unreachable, and
`forget` wipes it. A file that was not read whole, that says anything of a person, or that OCR was
not sure of, is never added (``remembering.py``). Torn writes of two processes match no file.

Known gap: a worker that was taken over may name a picture of its own as clean until the next
reload; it could have let that picture pass in its own mail.
"""

import fcntl
import mmap
import os
from contextlib import suppress
from hashlib import blake2b

DIGEST = 16  # bytes
WAYS = 4  # places that one hash may have
GROUPS = 16_384
SECRET = 32
_SIZE = SECRET + GROUPS * WAYS * DIGEST  # 1 MiB
_FUTURE_WRITE = 0x10  # F_SEAL_FUTURE_WRITE, since Linux 5.1: who maps it later can only look
_SEALS = _FUTURE_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


class Memory:
    """The table. The first bytes are a secret, which keys the hashes."""

    def __init__(self) -> None:
        self._file = os.memfd_create("pictures", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self._file, _SIZE)
        self._table: mmap.mmap | None = mmap.mmap(self._file, _SIZE)
        self._sealed = False
        with suppress(OSError):
            fcntl.fcntl(self._file, fcntl.F_ADD_SEALS, _SEALS)
            self._sealed = True
        self.forget()

    def forget(self) -> None:
        """Nothing is known any more; hashes by the old secret match nothing."""
        if self._table is not None:
            self._table[:] = os.urandom(SECRET).ljust(_SIZE, b"\0")

    @property
    def secret(self) -> bytes:
        """What keys the hashes since the last time that all was forgotten."""
        return b"" if self._table is None else self._table[:SECRET]

    def has(self, digest: bytes) -> bool:
        """Whether this was added."""
        if self._table is None:
            return False
        start, end = _group(digest)
        known = self._table[start:end]
        return any(known[at : at + DIGEST] == digest for at in range(0, len(known), DIGEST))

    def add(self, digest: bytes) -> None:
        """Remember it, in the place of another if there is none left."""
        if self._table is None or len(digest) != DIGEST or self.has(digest):
            return
        start, end = _group(digest)
        places = range(start, end, DIGEST)
        free = (at for at in places if self._table[at : at + DIGEST] == bytes(DIGEST))
        at = next(free, places[digest[-1] % WAYS])
        self._table[at : at + DIGEST] = digest

    def look_only(self) -> None:
        """This process, and those forked from it, can no longer write; without the kernel's help
        they cannot look either."""
        if self._table is not None:
            self._table.close()
        self._table = mmap.mmap(self._file, _SIZE, prot=mmap.PROT_READ) if self._sealed else None
        os.close(self._file)

    def leave(self) -> None:
        """This process has nothing to do with pictures."""
        if self._table is not None:
            self._table.close()
            self._table = None
            os.close(self._file)


def _group(digest: bytes) -> tuple[int, int]:
    start = SECRET + int.from_bytes(digest[:8], "big") % GROUPS * WAYS * DIGEST
    return start, start + WAYS * DIGEST


def key(secret: bytes, *facts: bytes) -> bytes:
    """The key of hashes; `facts` are all that the answer depends on. None without a secret."""
    if not secret:
        return b""
    made = blake2b(key=secret, digest_size=SECRET)
    for fact in facts:
        made.update(len(fact).to_bytes(8, "big") + fact)
    return made.digest()


def digest(key: bytes, data: bytes) -> bytes:
    """The hash by which the file of a picture is known."""
    return blake2b(data, key=key, digest_size=DIGEST).digest()
