"""What a gateway adds to an event, or refuses with, is taken apart again, so that it can be read in any language."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt import kernel
from prewatt.kernel.details import FORMS, detail_sentence
from prewatt.kernel.sentences import Parts

KERNEL = Path(kernel.__file__).parent
PLACE = re.compile(r"%\(\w+\)s")


@pytest.mark.parametrize(
    ("detail", "parts"),
    [
        ("by -3 h", Parts("by %(count)s h", {"count": "-3"})),
        ("it stands open", Parts("it stands open")),
        (
            "the meter refuses: no such data (error 02)",
            Parts("the meter refuses: %(says)s (error %(code)s)", {"says": "no such data", "code": "02"}),
        ),
        (
            "locked: tripped for a forbidden load; held open for work or safety. Close with override if that is known and put "
            "right",
            Parts(
                "locked: %(locks)s. Close with override if that is known and put right",
                {
                    "locks": Parts(
                        "%(before)s; %(after)s",
                        {
                            "before": Parts("tripped for a forbidden load"),
                            "after": Parts("held open for work or safety"),
                        },
                    )
                },
            ),
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
    detail = PLACE.sub(lambda _place: value, form)
    assert detail_sentence(detail) == detail


def test_every_refusal_of_the_kernel_has_a_form():
    """One that is new gets a form of its own, or is read in English alone."""
    refusals = [*_refusals("account.py", "Refused"), *_objections("orders.py")]
    assert len(refusals) > 15
    for refusal in refusals:
        assert detail_sentence(refusal).parts.text in FORMS, refusal


def _refusals(file, name):
    for node in ast.walk(ast.parse((KERNEL / file).read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
            yield from _text_of(node.args[4])


def _objections(file):
    for function in ast.walk(ast.parse((KERNEL / file).read_text())):
        if isinstance(function, ast.FunctionDef) and function.name == "objection":
            for node in ast.walk(function):
                if isinstance(node, ast.Return):
                    yield from _text_of(node.value)


def _text_of(node):
    """A text as the code has it, with something in the place of each of its values."""
    if isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.IfExp):
        yield from (*_text_of(node.body), *_text_of(node.orelse))
    elif isinstance(node, ast.Constant) and node.value:
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(each.value) if isinstance(each, ast.Constant) else "7" for each in node.values)
