"""The browser of these tests."""

from tests.browser.window import chromium

__all__ = ["chromium"]
