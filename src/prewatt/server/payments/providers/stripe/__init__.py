"""Stripe."""

from __future__ import annotations

from .provider import Stripe as Stripe
