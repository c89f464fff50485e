"""Double-entry bookkeeping: every transfer moves an amount from one account to another, for good."""
