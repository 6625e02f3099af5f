"""The words of front's pages: one TOML file a language, read by ``web/words``."""
