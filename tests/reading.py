"""A page as it is read, however its template is broken into lines."""

import re


def unbroken(page):
    """A page (its text, or an answer) with one blank for several, and none at the ends of an element or of a tag."""
    text = page if isinstance(page, str) else page.content.decode()
    return re.sub(r"(?<=>) | (?=</)", "", re.sub(r"(<[^<>]*) >", r"\1>", " ".join(text.split())))
