"""The ledger keeps double-entry books: every transfer moves an amount from one account to another, and is never
changed.
"""
