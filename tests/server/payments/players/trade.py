"""A payment, as a provider knows it."""

import secrets
import time


class Trade:
    """A payment, as the provider knows it. `amount` in minor units."""

    def __init__(self, provider, payment_id, amount, currency, notify_url, **more):
        self.provider, self.payment_id, self.amount, self.currency = provider, payment_id, amount, currency
        self.notify_url, self.more = notify_url, more
        self.state, self.transaction, self.at, self.refunds = "open", "", None, {}

    def pay(self, at=None):
        self.state, self.at = "paid", at or int(time.time())
        self.transaction = self.transaction or f"{'pi_' if self.provider == 'stripe' else '42'}{secrets.token_hex(12)}"
