"""Makes the server's models importable, for the commands that use them."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from ..processes.database import load_models
from .command import refused


def load(command: str) -> None:
    """Load the models for a command. Raises typer.Exit, after a message, if the server's settings are wrong."""
    try:
        load_models()
    except ImproperlyConfigured as error:
        raise refused(f"prewatt {command}", error) from None
