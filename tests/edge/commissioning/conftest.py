"""What all tests of setting up share."""

import pytest

from prewatt.edge.conversations.dlms import search


@pytest.fixture(autouse=True)
def nobody_sends_by_itself(monkeypatch):
    """Where nothing answers one listens for a moment only: no played meter of these tests sends by itself."""
    monkeypatch.setattr(search, "LISTENS_S", 0.2)
