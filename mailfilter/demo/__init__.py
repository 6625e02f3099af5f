"""The demonstration: the whole gateway on loopback, with example mails and an inbox behind it."""
