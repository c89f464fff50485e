"""docs/operator/rights.md says what the tables of the code say."""

from tests.server.accounts.rights_document import DOCUMENT, written


def test_the_document_shows_the_tables_as_they_are():
    """If this fails, `python -m tests.server.accounts.rights_document` writes them anew. Read what has changed."""
    text = DOCUMENT.read_text()
    assert written(text) == text
