"""Which right each page and each call of the API needs. An address that does not stand here is refused (`web/gate.py`).

A right alone does not open another landlord's row: `web/access.py` answers 404 there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from django.urls import ResolverMatch

from ...kernel.orders import GIVES_CREDIT
from ..accounts.rights import Right

API = "api/v1/"
READING = ("GET", "HEAD", "OPTIONS")


class Who(Enum):
    """The people for whom an address is that needs no right: everybody; everybody who is logged in, for what is their own;
    staff, as far as the set-up pages allow.
    """

    ANYBODY = "anybody"
    LOGIN = "login"
    STAFF = "staff"


class Need(NamedTuple):
    """What an address needs. `read`: to look; `write`: to change something (None: as for `read`); `do`: for single buttons, by
    the form's field `do`. `tenants`: tenants can open it for what is their own, without a right.
    """

    read: Right | Who
    write: Right | Who | None = None
    tenants: bool = False
    do: Mapping[str, Right] = {}

    def to(self, method: str, do: str = "") -> Right | Who:
        """Return what a request needs, by its method and by the field `do` of its form."""
        if method in READING:
            return self.read
        return self.do.get(do) or self.write or self.read


S = Right
OF_MANY = {
    "top-up": S.TAKE_MONEY,
    "note": S.WRITE,
    "power-limit": S.SETTINGS,
    "tariff": S.PRICES,
    "codes": S.CODES,
    "statements": S.SEE_MONEY,
    "invitations": S.TENANCIES,
    "pins": S.CODES,
}
"""The right that each act over many flats needs. Labels for doors need only the one to see: all of it stands on the door."""
OF_ORDERS = dict.fromkeys(GIVES_CREDIT, S.GIVE_BACK)
"""An order to a meter that gives credit needs this right in place of the one to switch."""
PAGES: Mapping[str, Need] = {
    # -- everybody's
    "enrol": Need(Who.ANYBODY),
    "set-up": Need(Who.ANYBODY),
    "pay-callback": Need(Who.ANYBODY),
    "web:home": Need(Who.LOGIN),
    "web:language": Need(Who.ANYBODY),
    "web:look:look": Need(Who.STAFF),
    # The task itself says what it needs.
    "web:tasks:task": Need(Who.LOGIN),
    "web:tasks:progress": Need(Who.LOGIN),
    "web:tasks:file": Need(Who.LOGIN),
    "api:openapi-json": Need(Who.ANYBODY),
    "api:openapi-view": Need(Who.ANYBODY),
    "api:api-root": Need(Who.ANYBODY),
    "tenant:app:manifest": Need(Who.ANYBODY),
    # A message's link, which is signed, and opens what belongs to this message alone.
    "tenant:notices:tap": Need(Who.ANYBODY),
    "tenant:notices:stop": Need(Who.ANYBODY),
    "tenant:app:worker": Need(Who.ANYBODY),
    "tenant:app:offline": Need(Who.ANYBODY),
    # -- the doors, which look themselves at how far somebody is in
    "account_login": Need(Who.ANYBODY),
    "account_inactive": Need(Who.ANYBODY),
    "account_request_login_code": Need(Who.ANYBODY),
    "account_confirm_login_code": Need(Who.ANYBODY),
    "mfa_authenticate": Need(Who.ANYBODY),
    "mfa_login_webauthn": Need(Who.ANYBODY),
    "account_logout": Need(Who.ANYBODY),
    "account_reset_password": Need(Who.ANYBODY),
    "account_reset_password_done": Need(Who.ANYBODY),
    "account_reset_password_from_key": Need(Who.ANYBODY),
    "account_reset_password_from_key_done": Need(Who.ANYBODY),
    "account_email_verification_sent": Need(Who.ANYBODY),
    "account_confirm_email": Need(Who.ANYBODY),
    "account_verify_phone": Need(Who.ANYBODY),
    "sign_in:join:code": Need(Who.ANYBODY),
    "sign_in:join:link": Need(Who.ANYBODY),
    "sign_in:join:door": Need(Who.ANYBODY),
    "console:keys:keys": Need(Who.LOGIN),
    "console:keys:revoke_key": Need(Who.LOGIN),
    "console:keys:revoke_all": Need(Who.LOGIN),
    "sign_in:account": Need(Who.LOGIN),
    "sign_in:new_password": Need(Who.LOGIN),
    "sign_in:forget_phone": Need(Who.LOGIN),
    "sign_in:end_session": Need(Who.LOGIN),
    "sign_in:end_others": Need(Who.LOGIN),
    "account_change_password": Need(Who.LOGIN),
    "account_set_password": Need(Who.LOGIN),
    "account_email": Need(Who.LOGIN),
    "account_change_phone": Need(Who.LOGIN),
    "account_reauthenticate": Need(Who.LOGIN),
    "account_request_reauthentication_code": Need(Who.LOGIN),
    "account_confirm_reauthentication_code": Need(Who.LOGIN),
    "mfa_reauthenticate": Need(Who.LOGIN),
    "mfa_reauthenticate_webauthn": Need(Who.LOGIN),
    "mfa_index": Need(Who.LOGIN),
    "mfa_activate_totp": Need(Who.LOGIN),
    "mfa_deactivate_totp": Need(Who.LOGIN),
    "mfa_view_recovery_codes": Need(Who.LOGIN),
    "mfa_generate_recovery_codes": Need(Who.LOGIN),
    "mfa_download_recovery_codes": Need(Who.LOGIN),
    "mfa_list_webauthn": Need(Who.LOGIN),
    "mfa_add_webauthn": Need(Who.LOGIN),
    "mfa_remove_webauthn": Need(Who.LOGIN),
    "staff-password": Need(Who.LOGIN),
    # -- buildings and flats
    "console:overview:properties": Need(S.SEE),
    "console:overview:plan": Need(S.SEE),
    "console:units:unit": Need(S.SEE),
    "console:units:use": Need(S.SEE),
    "console:units:money": Need(S.SEE_MONEY),
    "console:units:switch": Need(S.SWITCH),
    "console:units:people": Need(S.SEE),
    "console:units:papers": Need(S.SEE_MONEY),
    "console:units:journal": Need(S.SEE),
    "console:readings:readings": Need(S.SEE, S.SWITCH),
    "console:readings:read_now": Need(S.SWITCH),
    "console:orders:order": Need(S.SWITCH, do=OF_ORDERS),
    "console:orders:supply": Need(S.GIVE_BACK),
    "console:orders:pin": Need(S.CODES),
    "console:alarms:alarms": Need(S.SEE),
    "console:alarms:alarm": Need(
        S.SEE,
        S.SWITCH,
        do={
            "answer": S.GIVE_BACK,
            "give-back-early": S.GIVE_BACK,
            "give-back-twice": S.GIVE_BACK,
            "as-metered": S.GIVE_BACK,
            "book": S.GIVE_BACK,
            "register": S.COMMISSION,
        },
    ),
    "console:silences:silence": Need(S.SEE_MONEY),
    "console:silences:spread_silence": Need(S.GIVE_BACK),
    "console:silences:stop_spread": Need(S.GIVE_BACK),
    "console:silences:silence_rules": Need(S.SETTINGS),
    "console:supply:supply": Need(S.SEE_SETTINGS, S.SETTINGS),
    "console:supply:grant": Need(S.ON_SITE),
    "console:supply:revoke_grant": Need(S.ON_SITE),
    "console:supply:on_site_rules": Need(S.ON_SITE),
    "console:on_site:on_site": Need(S.SWITCH),
    "console:on_site:files": Need(S.SWITCH),
    "console:on_site:worker": Need(S.SWITCH),
    "console:meter_rules:meter_rules": Need(S.SETTINGS),
    "console:meters:exchange_meter": Need(S.COMMISSION),
    "console:meters:wrong": Need(S.SEE_MONEY, S.GIVE_BACK),
    "console:emergency_codes:emergency_codes": Need(S.CODES),
    "console:emergency_codes:make_emergency_codes": Need(S.CODES),
    "console:emergency_codes:revoke_emergency_codes": Need(S.CODES),
    "console:emergency_codes:emergency_sheet": Need(S.CODES),
    "console:emergency_codes:emergency_rules": Need(S.SETTINGS),
    "console:keypads:keypads": Need(S.SEE, S.COMMISSION, do={"units": S.TAKE_MONEY, "money": S.TAKE_MONEY}),
    "console:keypads:keypad_meter": Need(
        S.SEE,
        S.COMMISSION,
        do={
            "reading": S.SWITCH,
            "withdraw": S.SWITCH,
            "sell": S.TAKE_MONEY,
            "take-over": S.GIVE_BACK,
            "give-back": S.GIVE_BACK,
        },
    ),
    "console:keypads:photo": Need(S.SEE),
    "console:batch:chosen_anywhere": Need(S.SEE),
    "console:batch:batch": Need(S.SEE),
    "console:batch:preview_batch": Need(S.SEE, do=OF_MANY),
    "console:batch:run_batch": Need(S.SEE, do=OF_MANY),
    # -- prices and shared costs
    "console:tariffs:tariffs": Need(S.SEE_SETTINGS),
    "console:tariffs:edit": Need(S.PRICES),
    "console:tariffs:schedule_tariff": Need(S.PRICES),
    "console:tariffs:set_resale": Need(S.PRICES),
    "console:tariffs:load_prices": Need(S.PRICES),
    "console:tariffs:correct_tariff": Need(S.PRICES),
    "console:tariffs:what_if": Need(S.SEE_SETTINGS),
    "console:sharing:shared_costs": Need(S.SEE_SETTINGS, S.PRICES),
    "console:sharing:shared_cost": Need(S.SEE_SETTINGS, S.PRICES),
    "console:sharing:end_shared_cost": Need(S.PRICES),
    "console:sharing:remove_shared_cost": Need(S.PRICES),
    "console:sharing:run_shared_cost": Need(S.PRICES),
    "console:sharing:reverse_run": Need(S.PRICES),
    "console:sharing:building_balance": Need(S.SEE_SETTINGS),
    "console:bills:terms": Need(S.SEE_SETTINGS, S.PRICES),
    # -- what there is: the pages of the first start look themselves at who has come
    "console:begin:begin": Need(Who.ANYBODY),
    "console:begin:link": Need(Who.ANYBODY),
    "console:begin:first_payment": Need(S.SETTINGS),
    "console:estate:organisation": Need(S.SETTINGS),
    "console:estate:add_property": Need(S.SETTINGS),
    "console:estate:building": Need(S.SETTINGS),
    "console:estate:archive_property": Need(S.SETTINGS),
    "console:estate:door_sheet": Need(S.SETTINGS),
    "console:estate:one_price": Need(S.PRICES),
    "console:estate:add_units": Need(S.SETTINGS),
    "console:estate:change_unit": Need(S.SETTINGS),
    "console:estate:archive_unit": Need(S.SETTINGS),
    "console:estate:gateways": Need(S.SETTINGS),
    "console:estate:gateway_code": Need(S.SETTINGS),
    "console:estate:gateway_state": Need(S.SETTINGS),
    "console:estate:archive_gateway": Need(S.SETTINGS),
    "console:estate:add_meter": Need(S.SETTINGS),
    "console:estate:change_meter": Need(S.SETTINGS),
    "console:estate:archive_meter": Need(S.SETTINGS),
    "console:estate:archive_tariff": Need(S.PRICES),
    # -- tenants
    "console:tenancies:add_tenancy": Need(S.TENANCIES),
    "console:tenancies:end_tenancy": Need(S.TENANCIES),
    "console:tenancies:settle_tenancy": Need(S.TENANCIES),
    "console:put_right:put_move_right": Need(S.TENANCIES),
    "console:contacts:contact": Need(S.TENANCIES),
    "console:personal_data:erase_tenant": Need(S.TENANCIES),
    "console:personal_data:retention": Need(S.SEE_SETTINGS, S.SETTINGS),
    "tenant:personal_data:personal_data": Need(S.TENANCIES, tenants=True),
    "tenant:personal_data:download": Need(S.TENANCIES, tenants=True),
    "console:contacts:not_reached": Need(S.TENANCIES),
    "console:contacts:contact_list": Need(S.TENANCIES),
    "console:notes:notes": Need(S.WRITE),
    "console:notes:note": Need(S.WRITE),
    "console:reports:reports": Need(S.SEE),
    "tenant:reports:my_reports": Need(Who.LOGIN),
    "tenant:reports:report": Need(S.SEE, S.WRITE, tenants=True),
    "tenant:reports:photo": Need(S.SEE, tenants=True),
    # -- money
    "console:units:add_top_up": Need(S.TAKE_MONEY),
    "console:papers:statements": Need(S.SEE_MONEY),
    "console:papers:draw": Need(S.SEE_MONEY),
    "console:papers:send": Need(S.WRITE),
    "console:till:till": Need(S.TAKE_MONEY),
    "console:till:take": Need(S.TAKE_MONEY),
    "console:till:day": Need(S.TAKE_MONEY),
    "console:till:give_out": Need(S.TAKE_MONEY),
    "console:till:send_receipt": Need(S.TAKE_MONEY),
    "tenant:papers:receipt": Need(S.SEE_MONEY, tenants=True),
    "console:bills:bills": Need(S.SEE_MONEY),
    "tenant:bill:bill": Need(S.SEE_MONEY, tenants=True),
    "tenant:papers:tenancy_statement": Need(S.SEE_MONEY, tenants=True),
    "tenant:papers:code": Need(S.SEE_MONEY, tenants=True),
    "tenant:papers:share": Need(S.SEE_MONEY, tenants=True),
    "tenant:papers:shares": Need(S.SEE_MONEY, tenants=True),
    "tenant:papers:payments": Need(S.SEE_MONEY, tenants=True),
    "tenant:pay:payment": Need(S.SEE_MONEY, tenants=True),
    "tenant:pay:pay": Need(Who.LOGIN),
    "tenant:pay:payer": Need(Who.LOGIN),
    "console:wrong_flat:move": Need(S.GIVE_BACK),
    "console:wrong_flat:tenancies": Need(S.GIVE_BACK),
    "console:audit:changes": Need(S.BOOKS),
    "console:books:books": Need(S.BOOKS),
    "console:books:export": Need(S.BOOKS),
    "console:books:give_back": Need(S.GIVE_BACK),
    "console:books:undo_top_up": Need(S.GIVE_BACK),
    "console:books:decide_adjustment": Need(S.GIVE_BACK),
    "console:owed:refund_paid": Need(S.GIVE_BACK),
    "console:owed:refund_to": Need(S.GIVE_BACK),
    "console:owed:debt_paid": Need(S.TAKE_MONEY),
    "console:owed:undo_paid": Need(S.GIVE_BACK),
    "console:owed:debt_set_off": Need(S.GIVE_BACK),
    "console:owed:debt_write_off": Need(S.GIVE_BACK),
    "console:owed:write_off_decided": Need(S.GIVE_BACK),
    "console:payments:payments": Need(S.BOOKS),
    "console:payments:decide": Need(S.BANK),
    "console:payments:tenancies": Need(S.BANK),
    "console:payments:settle_unexpected": Need(S.BANK),
    "console:payments:refund_by_provider": Need(S.GIVE_BACK),
    "console:taken_back:taken_back": Need(S.BANK),
    "console:taken_back:settlement_line": Need(S.BANK),
    "console:taken_back:back_rules": Need(S.SETTINGS),
    "console:bank:bank": Need(S.BOOKS, S.BANK),
    "console:bank:so_far": Need(S.BANK),
    "console:bank:book": Need(S.BANK),
    "console:bank:same": Need(S.BANK),
    "console:bank_columns:columns": Need(S.BANK),
    "console:reconciliation:reconciliation": Need(S.BOOKS),
    "console:reconciliation:fetch_file": Need(S.BANK),
    # -- the organisation
    "console:people:people": Need(S.PEOPLE),
    "console:people:change": Need(S.PEOPLE),
    "console:people:remove": Need(S.PEOPLE),
    "console:people:invite": Need(S.PEOPLE),
    "console:people:revoke_invitations": Need(S.PEOPLE),
    "console:merchants:new_merchant": Need(S.MERCHANTS),
    "console:merchants:merchant": Need(S.MERCHANTS),
    "console:sending:account": Need(S.MERCHANTS),
    "console:sending:templates": Need(S.MERCHANTS),
    # -- the tenant's own, and the office's notices, whose pages are the same
    "console:residents:residents": Need(S.TENANCIES),
    "console:residents:invite_all": Need(S.TENANCIES),
    "console:residents:invite": Need(S.TENANCIES),
    "console:residents:again": Need(S.TENANCIES),
    "console:residents:remove": Need(S.TENANCIES),
    "console:residents:revoke_invitations": Need(S.TENANCIES),
    "tenant:residents:residents": Need(Who.LOGIN),
    "tenant:residents:invite": Need(Who.LOGIN),
    "tenant:residents:revoke_invitations": Need(Who.LOGIN),
    "tenant:residents:name": Need(Who.LOGIN),
    "tenant:gifts:gift_links": Need(Who.LOGIN),
    "tenant:gifts:make": Need(Who.LOGIN),
    "tenant:gifts:gift_link": Need(Who.LOGIN),
    "tenant:gifts:end": Need(Who.LOGIN),
    # Whoever has a link pays for its flat: its token is all that they need.
    "tenant:giving:give": Need(Who.ANYBODY),
    "tenant:giving:pay": Need(Who.ANYBODY),
    "tenant:giving:payer": Need(Who.ANYBODY),
    "tenant:giving:payment": Need(Who.ANYBODY),
    "tenant:residents:leave": Need(Who.LOGIN),
    "tenant:residents:remove": Need(Who.LOGIN),
    "tenant:home:tenancy": Need(Who.LOGIN),
    "tenant:home:use": Need(Who.LOGIN),
    "tenant:home:power": Need(Who.LOGIN),
    "tenant:app:kept": Need(Who.LOGIN),
    "tenant:emergency:emergency": Need(Who.LOGIN),
    "tenant:automatic:automatic": Need(Who.LOGIN),
    "tenant:automatic:agree": Need(Who.LOGIN),
    "tenant:automatic:back": Need(Who.LOGIN),
    "tenant:automatic:end": Need(Who.LOGIN),
    "tenant:automatic:resume": Need(Who.LOGIN),
    "tenant:notices:notices": Need(S.SEE_SETTINGS, S.SETTINGS, tenants=True),
    "tenant:notices:new_channel": Need(S.SETTINGS, tenants=True),
    "tenant:notices:wechat": Need(S.SETTINGS, tenants=True),
    "tenant:notices:change_channel": Need(S.SETTINGS, tenants=True),
}
"""What a page needs, by the name of its address."""

OF_TENANTS = (
    "", "/usage", "/emergency", "/payments", "/statements", "/statements/<name>", "/statements/<name>/pdf", "/shares",
    "/shares/<share_pk>", "/bill", "/residents", "/residents/invitations", "/residents/<resident_pk>", "/reports",
    "/automatic", "/automatic/resume", "/gift-links", "/gift-links/<link_pk>",
)  # fmt: skip
"""The calls about a flat of one's own."""
CALLS: Mapping[str, Need] = {
    "me/grants": Need(S.SWITCH),
    "me/grants/revoke": Need(S.SWITCH),
    "properties": Need(S.SEE),
    "properties/<pk>/losses": Need(S.SEE_SETTINGS),
    "properties/<pk>/tariffs": Need(S.SEE_SETTINGS, S.PRICES),
    "properties/<pk>/tariffs/check": Need(S.SEE_SETTINGS),
    "properties/<pk>/prices": Need(S.PRICES),
    "properties/<pk>/corrections": Need(S.PRICES),
    "properties/<pk>/compare": Need(S.SEE_SETTINGS),
    "properties/<pk>/shared-costs": Need(S.SEE_SETTINGS),
    "shared-costs/<pk>/change": Need(S.PRICES),
    "shared-costs/<pk>/end": Need(S.PRICES),
    "shared-costs/<pk>/remove": Need(S.PRICES),
    "shared-costs/<pk>/runs": Need(S.PRICES),
    "runs/<pk>/reverse": Need(S.PRICES),
    "properties/<pk>/tenancies": Need(S.SEE, S.TENANCIES),
    "properties/<pk>/unreached-tenants": Need(S.TENANCIES),
    "tenancies/<pk>/contact": Need(S.TENANCIES),
    "tenancies/<pk>/move-out": Need(S.TENANCIES),
    "tenancies/<pk>/put-move-right": Need(S.TENANCIES),
    "tenancies/<pk>/terms": Need(S.SEE_SETTINGS, S.PRICES),
    "tenancies/<pk>/statement": Need(S.SEE_MONEY, tenants=True),
    "tenancies/<pk>/usage": Need(S.SEE, tenants=True),
    "units/<pk>/usage": Need(S.SEE),
    "tenancies/<pk>/bills": Need(S.SEE_MONEY, tenants=True),
    "bills": Need(S.SEE_MONEY),
    "bills/<pk>": Need(S.SEE_MONEY, tenants=True),
    "tenancies/<pk>/top-ups": Need(S.SEE_MONEY, S.TAKE_MONEY),
    "tenancies/<pk>/ways": Need(S.SEE_MONEY, tenants=True),
    "tenancies/<pk>/payments": Need(S.TAKE_MONEY, tenants=True),
    "payments/<payment_id>": Need(S.SEE_MONEY, tenants=True),
    "refunds": Need(S.BOOKS),
    "refunds/<pk>/pay-outs": Need(S.GIVE_BACK),
    "refunds/<pk>/send-to": Need(S.GIVE_BACK),
    "debts": Need(S.BOOKS),
    "tenancies/<pk>/debt-payments": Need(S.TAKE_MONEY),
    "debt-payments/<pk>/undo": Need(S.GIVE_BACK),
    "debts/<pk>/write-offs": Need(S.GIVE_BACK),
    "write-offs/<pk>/decide": Need(S.GIVE_BACK),
    "debts/<pk>/set-off/<refund_pk>": Need(S.GIVE_BACK),
    "tenancies/<pk>/moved-payments": Need(S.GIVE_BACK),
    "tenancies/<pk>/adjustments": Need(S.GIVE_BACK),
    "tenancies/<pk>/goodwill": Need(S.GIVE_BACK),
    "meters/<name>/orders": Need(S.SEE, S.SWITCH, do=OF_ORDERS),
    "meters/<name>/exchange": Need(S.COMMISSION),
    "meters/<name>/lead-back": Need(S.SWITCH),
    "properties/<pk>/emergency-codes": Need(S.CODES),
    "properties/<pk>/emergency-codes/revoke": Need(S.CODES),
    "emergency-codes/<pk>/revoke": Need(S.CODES),
    "tenancies/<pk>/keypad": Need(S.SEE_MONEY, tenants=True),
    "tenancies/<pk>/keypad/quote": Need(S.SEE_MONEY, tenants=True),
    "tenancies/<pk>/keypad/codes": Need(S.TAKE_MONEY),
    "tenancies/<pk>/keypad/codes/<number>/give-back": Need(S.GIVE_BACK),
    "keypad-meters": Need(S.SEE),
    "keypad-meters/<pk>/codes": Need(S.TAKE_MONEY),
    "keypad-meters/<pk>/readings": Need(S.SWITCH),
    "properties/<pk>/alarms": Need(S.SEE),
    "alarms/<pk>/answer": Need(S.GIVE_BACK),
    "alarms/<pk>/settle": Need(S.SWITCH),
    "organisations/<pk>/notes": Need(S.WRITE),
    "notes": Need(S.SEE, tenants=True),
    "tenancies/<pk>/reports": Need(S.WRITE, tenants=True),
    "reports": Need(S.SEE, tenants=True),
    "reports/<pk>": Need(S.SEE, tenants=True),
    "reports/<pk>/entries": Need(S.WRITE, tenants=True),
    "reports/<pk>/photos/<asked>": Need(S.WRITE, tenants=True),
    "photos/<pk>": Need(S.SEE, tenants=True),
    # -- a tenant's own, and the way in of the WeChat mini program, whose calls look themselves at who asks
    "wechat/log-in": Need(Who.ANYBODY),
    "wechat/join": Need(Who.ANYBODY),
    **dict.fromkeys(("me", "me/notices", "me/notices/subscriptions", "me/payments/<payment_id>"), Need(Who.LOGIN)),
    **{f"me/tenancies/<pk>{each}": Need(Who.LOGIN) for each in OF_TENANTS},
}
"""What a call of the API needs, by its path."""

PARTS: Mapping[str, Need] = {"admin:": Need(Who.STAFF)}
"""What parts by other makers need, by the beginning of the names of their addresses. These parts check their own pages."""


def need_of(match: ResolverMatch) -> Need | None:
    """Return what an address needs; None if this file does not name it."""
    if match.view_name.startswith("api:") and match.view_name not in PAGES:
        return CALLS.get(match.route.removeprefix(API))
    return PAGES.get(match.view_name) or next(
        (need for name, need in PARTS.items() if match.view_name.startswith(name)), None
    )
