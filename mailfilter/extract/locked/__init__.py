"""Locked files: passwords that the mail itself gives, OpenPGP, rights management."""
