"""mailfilter: an SMTP gateway that finds identity numbers and health data in outgoing mail."""

__version__ = "0.2.0"
