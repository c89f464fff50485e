"""What is wrong, in words, each field by its name: the same on the page, in the API and in a command."""

from __future__ import annotations

from django.core.exceptions import ValidationError


def in_words(error: Exception) -> str:
    """An error as one line of text."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(f"{name}: {text}" if name else text for name, text in by_field(error))


def by_field(error: Exception) -> list[tuple[str, str]]:
    """(field, text) of an error; the field is empty where it is none's."""
    if not isinstance(error, ValidationError):
        lines = (line.partition(": ") for line in str(error).splitlines() or [""])
        return [
            (field, text) if colon and " " not in field else ("", f"{field}{colon}{text}".strip())
            for field, colon, text in lines
        ]
    if not hasattr(error, "error_dict"):
        return [("", text) for text in error.messages]
    return [("" if name == "__all__" else name, text) for name, texts in error.message_dict.items() for text in texts]
