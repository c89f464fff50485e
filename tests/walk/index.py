"""One page with the pictures of a walk: each step a line, phone and desk side by side, a column for each language."""

from html import escape
from itertools import groupby

STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 1rem; background: #eceeed; color: #1b2422 }
h2 { position: sticky; top: 0; background: #eceeed; padding: .4rem 0; margin: 1.5rem 0 0 }
section { display: flex; gap: 1rem; overflow-x: auto; padding: .5rem 0 }
figure { margin: 0; flex: none } figcaption { color: #566360 }
img { display: block; border: 1px solid #c8cfcc; background: #fff } .phone img { width: 234px } .desk img { width: 512px }
ul { color: #ab1b1b }
"""


def write(folder, done):
    """Write `index.html` beside the pictures. `done`: (language, size, steps) of each walk."""
    rows = [
        (step.role, step.name, language, size, step) for language, size, steps in done for step in steps if step.picture
    ]
    order = {key: place for place, key in enumerate(dict.fromkeys((role, name) for role, name, *_ in rows))}
    rows.sort(key=lambda row: order[row[0], row[1]])
    parts = [f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Walk</title><style>{STYLE}</style><h1>Walk</h1>"]
    for (role, name), of_step in groupby(rows, key=lambda row: row[:2]):
        parts.append(f"<h2>{escape(role)}: {escape(name)}</h2><section>")
        for _role, _name, language, size, step in of_step:
            wrong = "".join(f"<li>{escape(each)}</li>" for each in step.wrong)
            parts.append(
                f'<figure class="{size}"><figcaption>{language}, {size} · {escape(step.path)}</figcaption>'
                f'<a href="{step.picture}"><img src="{step.picture}" loading="lazy" alt=""></a><ul>{wrong}</ul></figure>'
            )
        parts.append("</section>")
    (folder / "index.html").write_text("\n".join(parts))
