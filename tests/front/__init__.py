"""Tests of the pages that the world reaches."""
