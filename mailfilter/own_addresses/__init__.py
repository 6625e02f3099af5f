"""Addresses of the gateway itself: the check mailbox, and returned pickup links."""
