"""How the workers of pytest-xdist share the tests: one by one, in the order of `conftest.FIRST`, but those together that share what takes
long to start.
"""

from xdist.scheduler import LoadScopeScheduling

WAITING = (
    "tests/edge/commissioning/",
    "tests/edge/test_bluetooth.py",
    "tests/edge/test_page.py",
    "tests/server/core/test_broker_trouble.py",
)
"""What waits for lines, radios and watches, and leaves the processor idle: a file of it is done by one worker, beside those that
compute. Begun early, as xdist begins with what has the most tests.
"""


class OneByOne(LoadScopeScheduling):
    """Gives a worker the next test, or all that live in one running building, or a file that waits."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, name = nodeid.partition("::")
        if path.startswith(WAITING) or path.endswith(("system/test_pages.py", "system/test_kill_paying.py")):
            return path
        if path.endswith("system/test_real_building.py"):
            return f"{path} {'postgresql' if '[postgresql' in name else 'sqlite'}"
        return nodeid
