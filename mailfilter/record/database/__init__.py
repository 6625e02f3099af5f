"""The engines (SQLite, PostgreSQL), tables and migrations."""
