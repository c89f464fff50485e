"""What a gateway adds to an event is taken apart again, so that it can be read in any language."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.kernel.details import FORMS, detail_sentence
from prewatt.kernel.sentences import Parts


@pytest.mark.parametrize(
    ("detail", "parts"),
    [
        ("by -3 h", Parts("by %(count)s h", {"count": "-3"})),
        ("it stands open", Parts("it stands open")),
        (
            "the meter refuses: no such data (error 02)",
            Parts("the meter refuses: %(says)s (error %(code)s)", {"says": "no such data", "code": "02"}),
        ),
        ("switch-failed", Parts("the load switch did not obey")),
        ("100 % of what nobody knows", Parts("100 % of what nobody knows")),
    ],
)
def test_a_detail_has_its_form_and_its_values(detail, parts):
    assert detail_sentence(detail).parts == parts


@settings(deadline=None)
@given(st.sampled_from(FORMS), st.text(min_size=1))
def test_its_english_is_what_the_gateway_wrote(form, value):
    names = ("count", "register", "here", "there", "says", "code", "meter")
    detail = form % dict.fromkeys(names, value)
    assert detail_sentence(detail) == detail
