"""The browser of the tests of pages."""

from tests.system.conftest import browser

__all__ = ["browser"]
