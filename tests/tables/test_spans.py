"""Cells that say a beginning and an end."""

import pytest

from prewatt.tables.spans import Span, span_of


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("01.06.2025 00:00 - 01.06.2025 01:00", "01.06.2025 00:00", "01.06.2025 01:00"),
        ("2025-06-01T00:00:00Z - 2025-06-01T01:00:00Z", "2025-06-01T00:00:00Z", "2025-06-01T01:00:00Z"),
        ("2025-06-01 00:00 – 2025-06-01 01:00", "2025-06-01 00:00", "2025-06-01 01:00"),
        ("26/10/2025 02:00:00 (CEST) - 26/10/2025 02:00:00 (CET)", "26/10/2025 02:00:00 (CEST)", "26/10/2025 02:00:00 (CET)"),
    ],
)  # fmt: skip
def test_two_instants_in_a_cell_are_a_span(text, begins, ends):
    assert span_of(text, has_day=False) == Span(begins, ends, is_one_day=False)


@pytest.mark.parametrize(
    "text",
    ["01.06.2025 23:00 - 00:00", "01.06.2025 23:00–00:00", "01.06.2025 23:00-00:00", "01.06.2025 23:00 bis 00:00"],
)
def test_a_day_with_two_times_is_a_span_of_that_day(text):
    assert span_of(text, has_day=False) == Span("01.06.2025 23:00", "01.06.2025 00:00", is_one_day=True)


@pytest.mark.parametrize("text", ["00:00-01:00", "00:00 - 01:00", "00 - 01", "00:00–01:00 Uhr"])
def test_two_times_beside_a_day_are_a_span(text):
    assert span_of(text, has_day=True) == Span("00:00", "01:00", is_one_day=True)


@pytest.mark.parametrize(
    "text", ["2025-06-01 00:00-01:00", "2025-06-01T00:00:00-03:00", "01.06.2025 00:00", "2025-06-01 00:00:00 -0300", ""]
)
def test_an_instant_with_its_offset_is_no_span(text):
    assert span_of(text, has_day=False) is None
