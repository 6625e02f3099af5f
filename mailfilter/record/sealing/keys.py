"""The keys of the store: made once, never overwritten, readable by us alone.

======================  =====================================================================
``desk.key``            opens stored mail; only desk reads it. May lie elsewhere
                        (``store.desk_key``): on another disk, or as a credential of systemd
``desk.pub``            seals; smtp processes read it
``escrow.pub``          seals as well, so that a lost desk.key does not lose held mail
``escrow.key``          opens as well; to be moved off this machine at once. Who brings an
                        ``escrow.pub`` of her own never has this file here
``join.key``            32 secret bytes, as hex, for the keyed hashes of P2; smtp reads it
``audit.key``           32 secret bytes, as hex, that seal the audit log; only desk reads it
``audit.pub``           by which anybody can check the signature of a checkpoint
======================  =====================================================================

``desk.pub`` is written last: without it nothing can have been sealed, so a first start that was
killed in the middle is simply taken up again. Keys belong in a backup of their own, apart from
the database: together they open it.
"""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyrage

from mailfilter.errors import ConfigError
from mailfilter.record.ledgers.audit_key import SIZE, AuditKey


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """What an smtp process holds: it can seal, and make join keys."""

    desk: str
    escrow: str
    join: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PrivateKeys:
    """What desk holds."""

    public: PublicKeys
    identity: str = field(repr=False)
    audit: AuditKey


def ensure_keys(folder: Path, desk_key: Path | None = None) -> list[str]:
    """Make the keys that a first start needs; sentences for the operator, none if all was there.

    Raises ConfigError when keys are missing that sealed mail may need. A `desk_key` elsewhere is
    only looked for: commands that need no more than public keys may not be able to read it.
    """
    private = desk_key or folder / "desk.key"
    if (folder / "desk.pub").exists():
        notes = _ensure_audit(folder)
        if desk_key is None:
            load_private(folder)
        return notes
    if desk_key is not None and not private.parent.is_dir():
        raise ConfigError(
            f"store.desk_key: {private.parent} is not there; mount the disk, or let systemd load"
            " the credential, before the first start"
        )
    notes = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / "escrow.pub").exists():
            _ensure(folder / "escrow.key", _identity)
            _ensure(folder / "escrow.pub", lambda: _public(_secret(folder / "escrow.key")))
            notes.append(_escrow_sentence(folder / "escrow.key"))
        _ensure_audit(folder)
        _ensure(folder / "join.key", lambda: secrets.token_hex(32))
        _ensure(private, _identity)
        _ensure(folder / "desk.pub", lambda: _public(_secret(private)))
    except OSError as error:
        where = error.filename or folder
        raise ConfigError(f"store.keys: {where} cannot be written: {error.strerror}") from error
    return [f"Made the store's keys in {folder}. Back them up, apart from the database.", *notes]


def _ensure_audit(folder: Path) -> list[str]:
    """The key of the audit log, which installations of before it have not; a sentence if it was
    made. Where its public half is there it was lost: a new one would not fit what is sealed."""
    if (folder / "audit.pub").exists():
        return []
    try:
        _ensure(folder / "audit.key", lambda: secrets.token_hex(SIZE))
        _ensure(folder / "audit.pub", lambda: _audit(folder / "audit.key").public)
    except OSError as error:
        raise ConfigError(f"store.keys: {folder} cannot be written: {error.strerror}") from error
    return [f"Made audit.key in {folder}, which seals the audit log. Back it up with the others."]


def load_public(folder: Path) -> PublicKeys:
    """The keys of an smtp process."""
    return PublicKeys(
        desk=_recipient(folder / "desk.pub"),
        escrow=_recipient(folder / "escrow.pub"),
        join=_join(folder / "join.key"),
    )


def load_private(folder: Path, desk_key: Path | None = None) -> PrivateKeys:
    """The keys of desk; ConfigError if the private one is not ours alone or fits not the public."""
    public = load_public(folder)
    path = desk_key or folder / "desk.key"
    identity = _secret(path)
    audit = _audit(folder / "audit.key")
    for secret in (path, folder / "audit.key"):
        if secret.stat().st_mode & _forbidden(secret):
            raise ConfigError(
                f"store.keys: {secret} can be read by others; run: chmod 600 {secret}"
            )
    if _public(identity) != public.desk:
        raise ConfigError(f"store.keys: {path} and desk.pub are no pair; restore both from backup")
    if _read(folder / "audit.pub") != audit.public:
        raise ConfigError(
            f"store.keys: {folder}/audit.key and audit.pub are no pair; restore both from backup"
        )
    return PrivateKeys(public, identity, audit)


def load_audit(folder: Path) -> AuditKey:
    """The key of the log alone, by which backups are signed; ConfigError if it is not there."""
    return _audit(folder / "audit.key")


_CREDENTIALS = "/run/credentials"  # where a command beside the service finds them (systemd.exec(5))


def _forbidden(path: Path) -> int:
    """Rights that the key must not give. A credential of systemd is readable for our user by an
    ACL, whose mask stands where the group's rights do."""
    given = os.environ.get("CREDENTIALS_DIRECTORY") or _CREDENTIALS
    return 0o037 if path.is_relative_to(given) else 0o077


def _escrow_sentence(path: Path) -> str:
    return (
        f"Move {path} to a safe place off this machine now (a sealed envelope, a safe): it opens"
        " held mail if desk.key is lost, and nothing here needs it."
    )


def _identity() -> str:
    return str(pyrage.x25519.Identity.generate())


def _public(identity: str) -> str:
    return str(pyrage.x25519.Identity.from_str(identity).to_public())


def _ensure(path: Path, make: Callable[[], str]) -> None:
    """Write a new file durably and whole, or leave the one that is there."""
    if path.exists():
        return
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123 - the mode must hold from the start
        file.write(make() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(new, path)  # fails if another process was first: never overwrites
    except FileExistsError:
        pass
    finally:
        new.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise ConfigError(
            f"store.keys: {path} is missing; restore it from backup (a new one would not open"
            " what is stored)"
        ) from error
    except OSError as error:
        raise ConfigError(f"store.keys: {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"store.keys: {path} holds no key") from error


def _secret(path: Path) -> str:
    """An age identity; comment lines, as age-keygen writes them, are skipped."""
    lines = [line.strip() for line in _read(path).splitlines() if not line.startswith("#")]
    try:
        return str(pyrage.x25519.Identity.from_str("".join(lines)))
    except pyrage.IdentityError as error:
        raise ConfigError(
            f"store.keys: {path} holds no age identity (AGE-SECRET-KEY-1…)"
        ) from error


def _recipient(path: Path) -> str:
    try:
        return str(pyrage.x25519.Recipient.from_str(_read(path)))
    except pyrage.RecipientError as error:
        raise ConfigError(f"store.keys: {path} holds no age public key (age1…)") from error


def _audit(path: Path) -> AuditKey:
    if not path.exists():
        raise ConfigError(
            f"store.keys: {path} is missing; restore it from backup. If it is lost for good, remove"
            " audit.pub: then a new one is made, and mailfilter audit accept says so in the log"
        )
    return AuditKey(_join(path))


def _join(path: Path) -> bytes:
    try:
        secret = bytes.fromhex(_read(path))
    except ValueError as error:
        raise ConfigError(f"store.keys: {path} holds no hexadecimal digits") from error
    if len(secret) < 32:
        raise ConfigError(f"store.keys: {path} is shorter than 32 bytes")
    return secret
