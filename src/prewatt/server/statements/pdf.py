"""Statements and bills as PDF: the same part of the page, on paper. WeasyPrint draws it; it needs the system library
Pango.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from .bills import Standing
from .papers import give_out
from .statement import Statement


class PdfError(ValueError):
    """No PDF can be made on this machine; the message says what is missing."""


def to_pdf(statement: Statement, stands: Standing | None = None) -> bytes:
    """Return the PDF of a statement, or, with `stands`, of its bill. A statement that is not preliminary gets its number.
    Raises PdfError if Pango is not installed.
    """
    written: bytes = _drawn(statement, stands).write_pdf()
    return written


def to_one_pdf(statements: Sequence[Statement]) -> bytes:
    """Return a PDF of several statements, each on pages of its own. Raises PdfError if Pango is not installed."""
    drawn = [_drawn(each, None).render() for each in statements]
    pages = [page for each in drawn for page in each.pages]
    written: bytes = drawn[0].copy(pages).write_pdf()
    return written


def _drawn(statement: Statement, stands: Standing | None) -> Any:
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except OSError as error:
        raise PdfError(
            _(
                "a PDF needs the library Pango, which is missing here: install libpango-1.0-0, libpangoft2-1.0-0 and "
                "libharfbuzz-subset0 (%(why)s)"
            )
            % {"why": error}
        ) from None
    paper = None if stands else give_out(statement)
    page = render_to_string(
        "tenant/papers/statement_paper.html", {"statement": statement, "stands": stands, "paper": paper}
    )
    # A paper has all within it: nobody gets at files or the network through it.
    return HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=["data"]))
