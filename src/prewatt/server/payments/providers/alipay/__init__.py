"""Alipay."""

from __future__ import annotations

from .provider import Alipay as Alipay
