"""Which fields of a property are rules, and of what."""

from __future__ import annotations

SUPPLY_RULES = (
    "low_credit", "low_credit_kwh", "clearance", "emergency_credit", "emergency_repayment", "friendly_hours",
    "friendly_holidays", "friendly_days", "friendly_debt", "power_limit", "overload_delay", "reclose_after", "recloses",
    "forbidden_step", "tamper_locks", "doubtful_readings", "foreign_hours",
    "limits", "off_hours", "off_holidays", "off_days", "off_watts", "off_kwh",
)  # fmt: skip
"""Fields of a property that its meters obey."""
AMOUNTS = ("clearance", "emergency_credit", "friendly_debt", "emergency_code_amount", "spread_over")
"""Fields of a property in its currency, which none may be finer than."""
BACK_RULES = ("back_grace", "back_cuts_off")
"""Fields of a property that money taken back obeys."""
EMERGENCY_CODE_RULES = ("emergency_code_amount", "emergency_code_number", "emergency_code_days")
"""Fields of a property that codes made in advance obey."""
ALONE_RULES = ("alone_kwh", "alone_days")
"""Fields of a property that its meters obey where they can cut off by themselves."""
SILENCE_RULES = (
    "silence_minutes", "silence_again", *ALONE_RULES, "spread_rule", "spread_over", "spread_share", "spread_weeks",
    "spread_days",
)  # fmt: skip
"""Fields of a property that say what follows from a gateway or a meter that is silent."""
