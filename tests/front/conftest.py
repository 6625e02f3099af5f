"""The browser of the front's tests."""

from tests.browser.window import chromium, examined, phone

__all__ = ["chromium", "examined", "phone"]
