"""The editor of tariffs, as a browser fills it in."""


def posted(fields):
    """The fields of the editor as a browser sends them."""
    sent = {name: value for name, value in fields.items() if isinstance(value, str)}
    for row in ("rate", "profile"):
        for line in fields[f"{row}s"]:
            for name, value in line.items():
                sent.setdefault(f"{row}_{name}", []).append(value)
    return sent
