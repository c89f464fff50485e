"""Statements and bills as PDF: the same part of the page, on paper. WeasyPrint draws it; it needs the system library
Pango.
"""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from .bills import Standing
from .statement import Statement


class PdfError(ValueError):
    """No PDF can be made on this machine; the message says what is missing."""


def to_pdf(statement: Statement, stands: Standing | None = None) -> bytes:
    """Return the PDF of a statement, or, with `stands`, of its bill. Raises PdfError if Pango is not installed."""
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
    page = render_to_string("tenant/papers/statement_paper.html", {"made": statement, "stands": stands})
    # A paper has all within it: nobody gets at files or the network through it.
    nothing = URLFetcher(allowed_protocols=["data"])
    written: bytes = HTML(string=page, url_fetcher=nothing).write_pdf()
    return written
