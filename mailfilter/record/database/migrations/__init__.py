"""Steps of the schema, run by ``migrate.py`` at desk's start. Never edit a released one."""
