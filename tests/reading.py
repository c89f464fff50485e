"""A page as it is read, however its template is broken into lines."""

import html
import re


def unbroken(page):
    """A page (its text, or an answer) with one blank for several, and none at the ends of an element or of a tag."""
    text = page if isinstance(page, str) else page.content.decode()
    return re.sub(r"(?<=>) | (?=</)", "", re.sub(r"(<[^<>]*) >", r"\1>", " ".join(text.split())))


def fields_of(page, holding):
    """The hidden fields of a page's form that holds a text, but for the one against forged requests, as a browser sends them."""
    form = next(each for each in re.findall("<form.*?</form>", page, re.DOTALL) if holding in each)
    pairs = re.findall('<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return {name: html.unescape(value) for name, value in pairs if name != "csrfmiddlewaretoken"}
