"""The fields of a property that are rules, by what they are about."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

SUPPLY_GROUPS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (
        _("Reminders of low credit"),
        {
            "low_credit_kwh": _("Remind at kWh left"),
            "low_credit": _("Remind at money left"),
            "low_credit_days": _("Remind at days left"),
        },
    ),
    (
        _("Credit"),
        {
            "clearance": _("Switch on again from this balance"),
            "emergency_credit": _("Emergency credit"),
            "emergency_repayment": _("Repaid first, percent"),
        },
    ),
    (
        _("Friendly hours"),
        {
            "friendly_hours": _("Friendly hours"),
            "friendly_holidays": _("Friendly holidays of"),
            "friendly_days": _("More friendly days"),
            "friendly_debt": _("Largest debt in friendly hours"),
        },
    ),
    (
        _("Power and safety"),
        {
            "power_limit": _("Power limit, W"),
            "overload_delay": _("Trips after, s"),
            "reclose_after": _("Closes again after, s"),
            "recloses": _("Closes again, times an hour"),
            "forbidden_step": _("Forbidden load, W"),
            "tamper_locks": _("Tampering switches off"),
            "limits": _("Safety limits"),
        },
    ),
    (
        _("Off hours"),
        {
            "off_hours": _("Off hours"),
            "off_watts": _("Allowance, W"),
            "off_kwh": _("Allowance, kWh"),
            "off_holidays": _("Special days: holidays of"),
            "off_days": _("More special days"),
        },
    ),
    (
        _("Readings that can't be true, and meters that nobody knows"),
        {
            "doubtful_readings": _("Readings needed to accept a new register"),
            "foreign_hours": _("Hours of supply with an unknown meter"),
        },
    ),
)
"""The fields of a property that are rules of credit and supply, with what people see of them, in groups that have titles.
The page shows them so.
"""
SUPPLY_LABELS = {name: label for _title, labels in SUPPLY_GROUPS for name, label in labels.items()}
SUPPLY_RULES = tuple(name for name in SUPPLY_LABELS if name != "low_credit_days")
"""The fields of a property that its meters obey: all but the step in days left, which only the server can work out."""
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
