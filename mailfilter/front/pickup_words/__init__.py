"""The words of pickup's pages: one TOML file a language, read by ``web/words``."""
