"""Addresses of the pages as the world reaches them."""

from __future__ import annotations

from django.conf import settings


def public(path: str) -> str:
    """The address of a page, for somebody who is not on this machine."""
    config = settings.CONFIG
    return (config.public_url or "http://{}:{}".format(*config.http.reached_at)) + path
