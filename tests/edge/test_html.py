"""Whatever text comes into a page is text there: nobody has to remember to escape it."""

from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.edge.html import Html, element, together


class Reader(HTMLParser):
    """What a browser makes of it."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@given(st.text(), st.text())
@settings(deadline=None, max_examples=200)
def test_a_text_is_read_as_it_was_given_in_content_and_attributes(content, value):
    page = Reader(element("p", content, together(content, None), element("b", content), title=value, class_="x"))
    plain = content.replace("\r\n", "\n").replace("\r", "\n")
    assert page.text.replace("\r\n", "\n").replace("\r", "\n") == plain * 3
    assert page.tags == [("p", {"title": value, "class": "x"}), ("b", {})]


def test_what_was_built_is_not_escaped_again_and_what_is_added_by_hand_is():
    inner = element("b", "<")
    assert element("p", inner) == "<p><b>&lt;</b></p>"
    assert (
        not isinstance(inner + "<i>", Html)
        and element("p", inner + "<i>") == "<p>&lt;b&gt;&amp;lt;&lt;/b&gt;&lt;i&gt;</p>"
    )


def test_attributes_without_a_value_and_elements_without_an_end():
    assert element("input", name="pin", required=True, disabled=False) == '<input name="pin" required>'
