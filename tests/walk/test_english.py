"""What is English in a page of another language is found, and what people have typed is not taken for it."""

import pytest

from tests.walk.english import left


@pytest.mark.parametrize("language", ["de", "zh-hans"])
def test_a_text_of_the_catalogue_is_found_untranslated(language):
    assert left(["Now to do", "Max", "Lindenhof", "20.00"], language) == ["Now to do"]


def test_a_text_with_values_is_found_by_what_stands_between_them():
    shown = "Flat 3 usually pays about 20.00 CA$: this is more than 10 times as much."
    assert left([shown, "这个房间通常付 20.00 CA$。"], "zh-hans") == [shown]


def test_english_that_no_catalogue_has_is_found_in_chinese():
    assert left(["nobody has ever translated this", "prewatt edge run"], "zh-hans") == [
        "nobody has ever translated this"
    ]


def test_in_english_nothing_is_left():
    assert left(["Now to do"], "en") == []
