"""The fields of a property that are rules, by what they are about."""

from __future__ import annotations

SUPPLY_RULES = (
    "low_credit", "low_credit_kwh", "clearance", "emergency_credit", "emergency_repayment", "friendly_hours",
    "friendly_holidays", "friendly_days", "friendly_debt", "power_limit", "overload_delay", "reclose_after", "recloses",
    "forbidden_step", "tamper_locks", "doubtful_readings", "foreign_hours",
    "limits", "off_hours", "off_holidays", "off_days", "off_watts", "off_kwh",
)  # fmt: skip
"""The fields of a property that its meters obey."""
AMOUNTS = ("clearance", "emergency_credit", "friendly_debt", "emergency_code_amount", "spread_over")
"""The fields of a property that are amounts in its currency. None may have more decimals than the currency."""
BACK_RULES = ("back_grace", "back_cuts_off")
"""The fields of a property that say what happens when a bank takes money back."""
EMERGENCY_CODE_RULES = ("emergency_code_amount", "emergency_code_number", "emergency_code_days")
"""The fields of a property that limit emergency codes."""
ALONE_RULES = ("alone_kwh", "alone_days")
"""The fields of a property for meters that can cut off by themselves."""
SILENCE_RULES = (
    "silence_minutes", "silence_again", *ALONE_RULES, "spread_rule", "spread_over", "spread_share", "spread_weeks",
    "spread_days",
)  # fmt: skip
"""The fields of a property that say what happens when a gateway or a meter is silent."""
