"""Access tokens of WeChat and WeCom. A token is fetched once and shared by all calls until it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests
from django.utils.translation import gettext as _

from .interface import TIMEOUT, SendError, no_answer

EXPIRED = (40001, 40014, 42001)
"""Codes of WeChat and WeCom that say that the access token is no longer valid."""
EARLY = 300
"""A new token is fetched this long before the old one ends, s."""
_tokens: dict[tuple[str, str, str], tuple[str, float]] = {}
_lock = threading.Lock()


def call(provider: str, method: str, url: str, **options: Any) -> dict[str, Any]:
    """Call a provider and return its answer, a JSON object. Raises SendError if there is none."""
    try:
        answer = requests.request(method, url, timeout=TIMEOUT, **options).json()
    except (requests.RequestException, ValueError) as error:
        raise no_answer(provider, error) from None
    if not isinstance(answer, dict):
        raise SendError(_("The answer of %(provider)s can't be read.") % {"provider": provider})
    return answer


def with_token(
    key: tuple[str, str, str], fetch: Callable[[bool], Mapping[str, Any]], ask: Callable[[str], dict[str, Any]]
) -> dict[str, Any]:
    """Call with a token and return the answer; if the token is no longer valid, call again with a new one. `key` says
    whose token it is; it includes the secret, so that a changed secret is used at once. `fetch` gets a token; its
    argument says whether it must be another one.
    """
    token = _token(key, fetch, "")
    answer = ask(token)
    if answer.get("errcode", 0) in EXPIRED:
        answer = ask(_token(key, fetch, token))
    return answer


def _token(key: tuple[str, str, str], fetch: Callable[[bool], Mapping[str, Any]], refused: str) -> str:
    with _lock:
        token, until = _tokens.get(key, ("", 0.0))
        if token and token != refused and time.monotonic() < until:
            return token
        answer = fetch(False)
        if refused and answer.get("access_token") == refused:
            answer = fetch(True)
        if not answer.get("access_token"):
            raise SendError(f"{key[0]}: {answer.get('errcode')} {answer.get('errmsg', '')}"[:200])
        token = str(answer["access_token"])
        _tokens[key] = token, time.monotonic() + int(answer.get("expires_in", 7200)) - EARLY
        return token


def forget_tokens() -> None:
    """Forget all tokens."""
    with _lock:
        _tokens.clear()
