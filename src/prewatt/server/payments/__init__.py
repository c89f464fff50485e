"""Payments: the merchant accounts at payment providers, the payments that tenants were asked for, what providers and
banks report, and the reconciliation of all of it.
"""
