"""Named points at which a test makes this program fail. In production nothing happens there.

`reach(name)` returns at once: it costs an empty call, some 40 ns. A program of the tests
(``tests/faults/program.py``) gives its own function to `arm` before anything is forked. No setting,
variable, file or signal arms a point, so there is none that an operator could leave behind and
none that an attacker could use; what can fail, and how, stands in the tests.

A point stands where the state of the world has just changed or is about to: between two of them a
crash makes no difference. `POINTS` is the closed list.
"""

from collections.abc import Callable

POINTS = {
    # an smtp process, in the order of a message
    "accepted": "a client is admitted, nothing is said yet",
    "mail_ok": "MAIL is taken, the reply is not said",
    "rcpt_ok": "the next hop has taken a recipient, the reply is not said",
    "data_part": "a part of the message has come",
    "dot_seen": "the whole message has come",
    "worker_sent": "a message is about to be given to a scan worker",
    "worker_result": "the scan workers have told what they know",
    "verdict": "it is decided, nothing is done yet",
    "staged": "what is kept is a row that nobody acts on",
    "relayed": "the others have the mail, and the row says so",
    "kept": "the row is committed",
    "reply_said": "the reply to the final dot is known and has not left",
    # towards a next hop, of smtp and of desk
    "ds_connect": "connected, nothing said yet",
    "ds_rcpt": "MAIL and a recipient are answered",
    "ds_data": "DATA is answered by 354",
    "ds_50pct": "a part of a big message has gone out",
    "ds_dot": "the final dot has gone out",
    "ds_250": "the answer to the final dot has come",
    # the store: desk with SQLite, every process with PostgreSQL
    "db_begin": "a transaction has begun",
    "chunk_rows": "the pieces of a body are inserted",
    "notice_enqueued": "a notice is in the outbox",
    "db_pre_commit": "a transaction is complete and not committed",
    "db_post_commit": "a transaction is committed and nobody knows",
    "audit_append": "a line is added to the audit log",
    "purge_key": "the key of an ended message is deleted",
    "purge_chunks": "the body of an ended message is deleted",
    "key_rewrap_row": "a parcel has got a seal of its own",
    # desk
    "rel_claim": "an item is about to be released",
    "rel_ds_250": "the next hop has the released message",
    "rel_commit": "the release is committed",
    "handover": "an item is about to go to a service",
    "handover_done": "a service has answered",
    "pickup_staged": "what is to be fetched is stored, no link is mailed",
    "pickup_link": "a link is about to be mailed",
    "pickup_link_sent": "the next hop has a link's mail, and its secret is shredded",
    # others
    "reload_swap": "new rules are compiled and not in force",
    "worker_began": "a scan worker has a message",
    "worker_read": "a scan worker has read it, nothing is told",
    "fork": "the supervisor is about to fork a process",
    "child_began": "a process has been forked, its work has not begun",
    "child_ended": "the supervisor knows of a death",
}

_act: Callable[[str], None] | None = None


def reach(name: str) -> None:
    """The program is at this point; what a test wants here happens now."""
    if _act is not None:
        _act(name)


def arm(act: Callable[[str], None]) -> None:
    """Call `act` at each point, in this process and in those that it forks. For tests."""
    global _act  # noqa: PLW0603 — one switch for the whole program, so that `reach` costs nothing
    _act = act
