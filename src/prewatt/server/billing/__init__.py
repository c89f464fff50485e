"""Billing: debts and refunds, their payment, and the bills of tenancies that pay after use."""
