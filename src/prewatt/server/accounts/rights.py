"""What people may do: the rights, the roles, and the one table that says which role has which rights. Pages, the API, *Set-up*
and commands ask it; docs/operator/rights.md shows it, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Right(TextChoices):
    """Something that a person may do. Each page and each call of the API names the one that it needs (`web/needs.py`)."""

    SEE = "see", _("see buildings, flats, meters and alarms")
    SEE_MONEY = "see_money", _("see balances, payments, bills and statements")
    SEE_SETTINGS = "see_settings", _("see prices, shared costs and rules of supply")
    TAKE_MONEY = "take_money", _("take payments and sell codes")
    GIVE_BACK = "give_back", _("pay out refunds, give credit, correct payments and charges, write off debts")
    BANK = "bank", _("book bank statements and payments that wait, and reconcile")
    BOOKS = "books", _("read the books and export them")
    PRICES = "prices", _("change prices, shared costs and terms of payment")
    SETTINGS = (
        "settings",
        _("set up buildings, flats and gateways, change rules of supply and safety, choose what the office is told"),
    )
    SWITCH = "switch", _("switch, read and unlock meters, and answer alarms")
    CODES = "codes", _("make emergency codes and PINs")
    COMMISSION = "commission", _("exchange meters, add keypad meters and their keys")
    ON_SITE = "on_site", _("give phones of staff access to meters on site")
    TENANCIES = "tenancies", _("move tenants in and out and change their contacts")
    WRITE = "write", _("write to tenants, and answer fault reports")
    MERCHANTS = "merchants", _("change accounts with payment providers and senders of notices")
    PEOPLE = "people", _("say who has which role")


class Role(TextChoices):
    """What a person is to an organisation. `OPERATOR` is whoever runs the server: no row holds it (`memberships`)."""

    OWNER = "owner", _("owner")
    MANAGER = "manager", _("manager")
    CASHIER = "cashier", _("cashier")
    SITE_STAFF = "site_staff", _("site staff")
    ACCOUNTANT = "accountant", _("accountant")
    READ_ONLY = "read_only", _("read-only")
    OPERATOR = "operator", _("operator")


ALL = frozenset(Right)
READ_ALL = frozenset({Right.SEE, Right.SEE_MONEY, Right.SEE_SETTINGS})

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.OPERATOR: ALL,
    Role.OWNER: ALL,
    Role.MANAGER: ALL - {Right.MERCHANTS, Right.PEOPLE},
    Role.CASHIER: frozenset({Right.SEE, Right.SEE_MONEY, Right.TAKE_MONEY}),
    Role.SITE_STAFF: frozenset({Right.SEE, Right.SWITCH, Right.CODES, Right.COMMISSION, Right.WRITE}),
    Role.ACCOUNTANT: READ_ALL | {Right.BOOKS},
    Role.READ_ONLY: READ_ALL,
}
"""Who has which rights. Commands on the server's machine are the operator's."""

MEMBER_ROLES = tuple(role for role in Role if role is not Role.OPERATOR)
"""The roles that a member of an organisation can have."""


def roles_with(right: Right) -> list[Role]:
    """Return the roles of members that have a right, the highest first."""
    return [role for role in MEMBER_ROLES if right in RIGHTS[role]]
