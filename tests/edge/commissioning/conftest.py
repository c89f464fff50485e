"""What all tests of setting up share."""

import pytest

from prewatt.edge.commissioning import workbench
from prewatt.edge.drivers import bus
from tests.edge.commissioning.silence import open_bus


@pytest.fixture(autouse=True, scope="module")
def nobody_waits_for_silence():
    """Most questions of a search are to nobody."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbench, "Bus", open_bus)
        patch.setattr(bus, "Bus", open_bus)
        yield
