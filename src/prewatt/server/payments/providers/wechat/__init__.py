"""WeChat Pay."""

from __future__ import annotations

from .provider import WeChat as WeChat
