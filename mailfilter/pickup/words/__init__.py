"""The words of pickup's mails: one TOML file a language, read by ``pickup/mails.py``."""
