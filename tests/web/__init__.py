"""Tests of the reviewers' pages against an archive in memory."""
