"""The tables of docs/operator/rights.md, made from the tables of the code. `python -m tests.server.accounts.rights_document` writes
them anew.
"""

import os
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "operator" / "rights.md"
MARKS = {"roles": ("<!-- roles -->", "<!-- end of roles -->"), "pages": ("<!-- pages -->", "<!-- end of pages -->")}


def table(heads, rows):
    """A table of a document."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))


def roles():
    """Which role has which right."""
    from prewatt.server.accounts.rights import RIGHTS, Right, Role

    rows = [
        [
            f"**{right.value.replace('_', ' ')}**: {right.label}",
            *("✓" if right in RIGHTS[role] else "" for role in Role),
        ]
        for right in Right
    ]
    return table(["right", *(str(role.label) for role in Role)], rows)


def _named(need):
    return need.value.replace("_", " ") if need is not None else ""


def pages():
    """Which right an address needs."""
    from prewatt.server.web.needs import API, CALLS, PAGES
    from tests.server.web.addresses import pages

    found = {each.name: each.address for each in pages()}
    needs = {f"/{found[name]}": need for name, need in PAGES.items() if name in found}
    needs |= {f"/{API}{path}": need for path, need in CALLS.items()}
    rows = [
        [
            f"`{address}`",
            _named(need.read),
            _named(need.write),
            ", ".join(f"{button}: {_named(right)}" for button, right in need.do.items()),
            "yes" if need.tenants else "",
        ]
        for address, need in sorted(needs.items())
    ]
    return table(["address", "to look", "to change, if not the same", "single buttons", "tenants, their own"], rows)


def written(text):
    """The document with its tables written anew."""
    for name, make in (("roles", roles), ("pages", pages)):
        begin, end = MARKS[name]
        head, rest = text.split(begin)
        text = f"{head}{begin}\n\n{make()}\n\n{end}{rest.split(end)[1]}"
    return text


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prewatt.server.settings")
    django.setup()
    DOCUMENT.write_text(written(DOCUMENT.read_text()))
