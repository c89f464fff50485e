"""Automatic top-ups: what a tenant has agreed to once is paid by itself, when the credit gets low."""
