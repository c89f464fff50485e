"""Accounts: who people are to an organisation and what they may do, how often somebody may try, and what was changed by whom."""
