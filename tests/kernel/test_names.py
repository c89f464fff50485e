from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.names import natural


def test_numbers_in_names_count_as_numbers():
    names = ["10", "2", "1", "Flat 10", "flat 2", "Flat 1b", "Flat 1", "1.10", "1.9", "A", "12", "１１"]
    assert sorted(names, key=natural) == [
        "1",
        "1.9",
        "1.10",
        "2",
        "10",
        "１１",
        "12",
        "A",
        "Flat 1",
        "Flat 1b",
        "flat 2",
        "Flat 10",
    ]


@given(st.lists(st.text()))
def test_every_text_has_its_place(names):
    sorted(names, key=natural)


@given(st.integers(0, 10**40), st.integers(0, 10**40), st.text(alphabet="ab -"))
def test_the_smaller_number_is_first(one, other, before):
    assert (natural(f"{before}{one}") < natural(f"{before}{other}")) == (one < other)
