"""The PostgreSQL server of the record's tests."""

from tests.record.conftest import postgresql

__all__ = ["postgresql"]
