"""Backups as rows, and what a restore brings back."""
