"""Selftest: the catalogue of ways to hide a number, sent through the running installation.

``techniques()`` lists the ways, ``numbers()`` the official test numbers, ``run.send`` and
``run.tally`` do the sending and the counting. See README.md for the known misses.
"""

from mailfilter.selftest.catalogue import Technique, numbers, techniques

__all__ = ["Technique", "numbers", "techniques"]
