"""Steps of the schema, run by ``record/migrate.py`` at desk's start. Never edit a released one."""
