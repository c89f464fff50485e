"""How the workers of pytest-xdist share the tests: one by one, in the order of `conftest.FIRST`, but those together that share what takes
long to start.
"""

from xdist.scheduler import LoadScopeScheduling


class OneByOne(LoadScopeScheduling):
    """Gives a worker the next test, or all that live in one running building."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, name = nodeid.partition("::")
        if path.endswith(("system/test_pages.py", "system/test_kill_paying.py")):
            return path
        if path.endswith("system/test_real_building.py"):
            return f"{path} {'postgresql' if '[postgresql' in name else 'sqlite'}"
        return nodeid
