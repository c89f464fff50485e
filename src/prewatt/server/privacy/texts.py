"""Every text that is stored, and what it says of people. A test holds that no field of any model is left out.

A text about a tenancy's tenant is in the file that they can ask for (`privacy.export`). When their data are erased
(`privacy.erasing`), it is emptied, or replaced by the tenancy's number. Texts that may name a tenant are searched for
the names. The bytes of journals and commands are not searched: they hold at most logins, which say nothing once the
login is erased.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Becomes(Enum):
    """What a text is replaced by."""

    NUMBER = "tenant 17"
    EMPTY = ""
    LIKE_BILLS = "the number, once tax law does not need the name any more"


NUMBER, EMPTY, LIKE_BILLS = Becomes.NUMBER, Becomes.EMPTY, Becomes.LIKE_BILLS


@dataclass(frozen=True)
class Texts:
    """The fields of a model that are texts. Each attribute that is a string has the names of fields, with blanks
    between.

    `plain`: the fields that say nothing about a tenant. `tenants`: those about one tenant, whose tenancy is found by
    one of the paths in `of`. `may_name`: those that were typed or put together and may name any tenant of an
    organisation, which is found by one of the paths in `organisation`; without a path, of any organisation. `login`:
    those that are deleted with the login. `rows_go`: whether the rows are deleted.
    """

    plain: str = ""
    tenants: Mapping[str, Becomes] = field(default_factory=dict)
    of: tuple[str, ...] = ()
    may_name: str = ""
    organisation: tuple[str, ...] = ()
    login: str = ""
    rows_go: bool = False

    @property
    def names(self) -> set[str]:
        """Return the names of all its fields."""
        return {*self.plain.split(), *self.tenants, *self.may_name.split(), *self.login.split()}


_ITS_HOME = ("tenancy__unit__property__organisation",)
_OF = ("tenancy",)

TEXTS: dict[str, Texts] = {
    # -- of Django: logins, and what was done in *Set-up*
    "admin.LogEntry": Texts(plain="object_id", may_name="object_repr change_message"),
    "auth.Group": Texts(plain="name"),
    "auth.Permission": Texts(plain="name codename"),
    "auth.User": Texts(login="password username first_name last_name email"),
    "contenttypes.ContentType": Texts(plain="app_label model"),
    "sessions.Session": Texts(login="session_key session_data"),
    # -- buildings and tenancies
    "estate.Organisation": Texts(plain="name address tax_id bank_account how_to_pay"),
    "estate.Property": Texts(
        plain="name zone currency low_credit low_credit_kwh friendly_hours friendly_holidays friendly_days power_limit "
        "low_credit_days limits off_hours off_holidays off_days spread_rule site_page emergency_contact"
    ),
    "estate.Part": Texts(plain="name"),
    "estate.Unit": Texts(plain="name pin_hash"),
    "estate.Tenancy": Texts(tenants={"tenant": NUMBER}, of=("pk",)),
    "estate.Terms": Texts(plain="overdue owed", may_name="by", of=_OF, organisation=_ITS_HOME),
    "estate.Lowering": Texts(
        may_name="why", of=("terms__tenancy",), organisation=("terms__tenancy__unit__property__organisation",)
    ),
    "accounts.Membership": Texts(plain="role"),
    "accounts.AuditEntry": Texts(
        plain="door page address model row action changes"
    ),  # holds no values of personal columns
    "accounts.Invitation": Texts(plain="hash role"),
    "accounts.SpokenLanguage": Texts(login="code"),
    "accounts.SentForm": Texts(plain="key answer"),
    "accounts.Throttle": Texts(plain="subject"),
    # -- meters and journals
    "metering.Gateway": Texts(plain="name public_key code_id code_secret sessions lines"),
    "metering.Meter": Texts(
        plain="name serial role driver power_limit head account digest limits off_hours told_quantities told_switch"
    ),
    "metering.StaffGrant": Texts(plain="holder key actions by text revoked_by"),  # of who works for the landlord
    "metering.OnSiteRules": Texts(plain="actions"),
    "metering.RevocationList": Texts(plain="body signature"),
    "metering.JournalEntry": Texts(plain="kind body hash"),
    "metering.DayUse": Texts(plain="zone rates"),
    "metering.SimilarUse": Texts(plain="groups"),
    "metering.LiveReading": Texts(plain="cause"),
    "metering.Alarm": Texts(
        plain="kind key",
        may_name="data text parts resolved_by",
        organisation=("meter__gateway__property__organisation", "gateway__property__organisation"),
    ),
    "metering.Refusal": Texts(plain="gateway reason text"),
    "metering.Worker": Texts(plain="shards"),
    "metering.Silence": Texts(plain="line why why_parts"),
    # -- what is worked out of them for the first page
    "overview.Place": Texts(plain="home name sort role told_switch days state why switching"),
    "overview.ToDo": Texts(plain="kind currency"),
    # -- tariffs
    "tariffs.Tariff": Texts(plain="name document"),
    "tariffs.Correction": Texts(may_name="reason", organisation=("property__organisation",)),
    # -- what is sold, given and taken
    "vending.SupplyGroup": Texts(plain="code sealed"),
    "vending.TokenMeter": Texts(plain="name pan"),
    "vending.KeypadReading": Texts(
        plain="doubt photo", may_name="by withdrawn_by", organisation=("token_meter__organisation",)
    ),
    "vending.KeypadEntry": Texts(
        plain="kind counters used others",
        tenants={"reason": NUMBER},
        of=_OF,
        may_name="by",
        organisation=_ITS_HOME,
    ),
    "vending.Command": Texts(plain="kind body signature state reason"),
    "vending.Refund": Texts(
        plain="why refund_id",
        tenants={"who": NUMBER, "reason": NUMBER, "reason_parts": EMPTY, "send_to": EMPTY},
        of=_OF,
        may_name="by paid_by",
        organisation=_ITS_HOME,
    ),
    "vending.PayOut": Texts(
        plain="way pay_out_id",
        of=("refund__tenancy",),
        may_name="number by",
        organisation=("refund__tenancy__unit__property__organisation",),
    ),
    "vending.Adjustment": Texts(
        plain="adjustment_id of part kind state",
        tenants={"reason": NUMBER, "reason_parts": EMPTY},
        of=_OF,
        may_name="reason reason_parts",
        organisation=("organisation",),
    ),
    "vending.MeterExchange": Texts(plain="old serial end by"),
    "vending.Code": Texts(plain="kind digits", may_name="detail", organisation=("token_meter__organisation",)),
    "vending.EmergencyCode": Texts(may_name="by revoked_by", organisation=("meter__gateway__property__organisation",)),
    "vending.TopUp": Texts(
        plain="credit_id",
        tenants={"note": EMPTY},
        of=_OF,
        may_name="note receipt",
        organisation=("organisation",),
    ),
    # -- the books: amounts and accounts stay
    "ledger.Account": Texts(plain="kind name"),
    "ledger.Transfer": Texts(
        plain="kind of part",
        of=("debit_account__tenancy", "credit_account__tenancy", "tenancy"),
        may_name="memo memo_parts",
        organisation=("debit_account__organisation",),
    ),
    "allocation.SharedCost": Texts(plain="name vacancy schedule"),
    "allocation.Run": Texts(plain="rule", may_name="memo", organisation=("shared_cost__property__organisation",)),
    "allocation.Share": Texts(plain="weights", of=_OF),
    "billing.StatementPaper": Texts(plain="digest"),
    "billing.Debt": Texts(
        plain="of part",
        tenants={"who": NUMBER, "memo": NUMBER, "memo_parts": EMPTY},
        of=_OF,
        may_name="memo memo_parts",
        organisation=_ITS_HOME,
    ),
    "billing.DebtPayment": Texts(plain="payment_id", may_name="receipt", of=_OF, organisation=("organisation",)),
    "billing.WriteOff": Texts(
        plain="state",
        tenants={"reason": NUMBER},
        of=("debt__tenancy",),
        may_name="reason",
        organisation=("debt__tenancy__unit__property__organisation",),
    ),
    "billing.DebtPart": Texts(
        plain="why", may_name="by", organisation=("debt__tenancy__unit__property__organisation",)
    ),
    "billing.Spread": Texts(may_name="by", organisation=("debt__tenancy__unit__property__organisation",)),
    "billing.MoveChange": Texts(tenants={"reason": NUMBER}, of=_OF, may_name="by reason was", organisation=_ITS_HOME),
    "billing.Bill": Texts(tenants={"who": LIKE_BILLS, "document": LIKE_BILLS}, of=_OF),
    # -- payments
    "payments.Merchant": Texts(plain="provider name public_id settings sealed refusal"),
    "payments.Handover": Texts(plain="note"),
    "payments.Payment": Texts(
        plain="payment_id asked currency method reference state provider_id seen_by payer_app",
        tenants={"payer": EMPTY, "payer_address": EMPTY, "link": EMPTY, "params": EMPTY},
        of=_OF,
        may_name="reason reason_parts",
        organisation=("merchant__organisation",),
    ),
    "payments.GiftLink": Texts(
        plain="hash sealed", tenants={"flat_name": EMPTY, "shown_name": EMPTY, "note": EMPTY}, of=_OF
    ),
    "payments.Gift": Texts(tenants={"giver": EMPTY}, of=("link__tenancy",)),  # who paid for the tenant
    "payments.Unexpected": Texts(
        plain="provider_id currency", may_name="reason reason_parts", organisation=("merchant__organisation",)
    ),
    "payments.RefundPart": Texts(
        plain="number", may_name="error", of=("refund__tenancy",), organisation=("payment__merchant__organisation",)
    ),
    "payments.SettlementLine": Texts(
        plain="line_id kind payment_id provider_id back_id currency means",
        may_name="text",
        organisation=("merchant__organisation",),
    ),
    "payments.BankLine": Texts(
        plain="fingerprint currency bank_id state",
        tenants={"payer": EMPTY, "account": EMPTY, "text": EMPTY},
        of=("top_up__tenancy", "debt_payment__tenancy", "like__top_up__tenancy", "takes_back__top_up__tenancy"),
        may_name="payer account text",
        organisation=("organisation",),
    ),
    "payments.BankLayout": Texts(plain="fingerprint columns order direction words_in words_booked"),
    "payments.WaitingStatement": Texts(plain="content"),  # deleted whole, see `keeping` and `erasing`
    "tasks.Task": Texts(  # deleted whole a day after it ended, see `tasks.queueing` and `erasing`
        plain="right kind given content language back state facts text result result_type result_name"
    ),
    "tasks.TaskStep": Texts(plain="key facts"),  # goes with its task
    "payments.TakenBack": Texts(
        plain="back_id cause payment_name provider_id currency seen_by state",
        may_name="reason",
        organisation=("organisation",),
    ),
    "automatic.AutomaticTopUp": Texts(
        plain="state saving_id reference sealed to_forget",
        tenants={"label": EMPTY, "link": EMPTY},
        of=_OF,
        may_name="reason reason_parts",
        organisation=("merchant__organisation",),
    ),
    # -- what people are told
    "notices.SendingAccount": Texts(plain="kind settings sealed"),
    "notices.SendingTemplate": Texts(plain="carrier event language template fields"),
    "notices.Recipient": Texts(plain="language low_money low_energy low_days muted", of=_OF),
    "notices.Channel": Texts(
        plain="kind log_in",
        tenants={"sealed": EMPTY, "shown": EMPTY, "failing": EMPTY},
        of=("recipient__tenancy",),
        rows_go=True,
    ),
    "notices.Notice": Texts(
        plain="event key link",
        tenants={"title": EMPTY, "text": EMPTY, "facts": EMPTY},
        of=("recipient__tenancy",),
        may_name="title text facts",
        organisation=("recipient__organisation",),
    ),
    "notices.Delivery": Texts(plain="state", may_name="error", organisation=("notice__recipient__organisation",)),
    "notices.Crossing": Texts(plain="step"),
    "notices.Pace": Texts(plain="event"),
    "notices.Permission": Texts(plain="template"),  # goes with the login of the WeChat user
    # -- letters
    "correspondence.Note": Texts(plain="asked", may_name="title text texts by", organisation=("organisation",)),
    "correspondence.Report": Texts(plain="asked category state", of=_OF),
    "correspondence.Entry": Texts(
        plain="asked state",
        tenants={"text": EMPTY},
        of=("report__tenancy",),
        may_name="by text",
        organisation=("report__tenancy__unit__property__organisation",),
    ),
    "correspondence.Photo": Texts(tenants={"content": EMPTY}, of=("entry__report__tenancy",), rows_go=True),
    # -- how people and their programs get in
    "accounts.ApiKey": Texts(plain="scope rights", login="name hash"),
    "accounts.WeChatUser": Texts(plain="appid", login="digest sealed"),
    "account.EmailAddress": Texts(login="email"),
    "account.EmailConfirmation": Texts(login="key"),
    "mfa.Authenticator": Texts(plain="type", login="data"),
    "usersessions.UserSession": Texts(login="user_agent session_key data"),
    "sign_in.LoginPhone": Texts(login="digest sealed shown"),
    "sign_in.CredentialChange": Texts(plain="what", login="device"),
}
"""All texts, by the label of their model."""
