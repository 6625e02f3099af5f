"""Outlook's own formats: msg, winmail.dat, compressed and encapsulated text."""
