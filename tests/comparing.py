"""Comparisons that name what they compare, and say all that differs."""


def assert_row(row, **expected):
    """A row, an entry or any other object has these values under these names. Others are not looked at."""
    actual = {name: getattr(row, name) for name in expected}
    assert actual == expected
