"""Held and ended mail: rows, search, links, retention."""
