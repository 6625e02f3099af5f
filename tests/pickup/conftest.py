"""The PostgreSQL server of the record's tests, and the browser."""

from tests.browser.window import chromium, examined, phone
from tests.record.conftest import postgresql

__all__ = ["chromium", "examined", "phone", "postgresql"]
