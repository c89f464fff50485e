"""The words of notices: a template for each event and language; its first line is the title."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import override

from .events import Event


def render(event: Event, language: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """(title, text)."""
    with override("zh-hans" if language == "zh" else language):
        whole = render_to_string(f"notices/{language}/{event.value}.txt", dict(context))
    lines = [line.strip() for line in whole.strip().splitlines()]
    return lines[0][:200], "\n".join(line for line in lines[1:] if line)
