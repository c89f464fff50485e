"""WeChat Pay's contract payments (委托代扣): a payer agrees once, in WeChat, and payments are asked for without them.

The answer to a request for a payment says only that WeChat Pay has taken it up. How it ended comes as a callback, or must be asked
for. Requests with the same number are the same payment.

Rules: https://pay.weixin.qq.com/wiki/doc/api/pap.php?chapter=18_1 (agreeing), 18_2 (asking about an agreement), 18_3 (a payment),
18_4 (ending), 18_10 (asking about a payment), 18_14 (agreeing from a mini program), 18_17 (callbacks of agreements).
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urlencode

import requests
from django.utils.translation import gettext as _

from .....kernel.units import instant
from ..bills import BEIJING
from ..interface import (
    TIMEOUT,
    AgreementReport,
    CallbackError,
    Charged,
    Order,
    PaymentReport,
    ProviderError,
    Saved,
    Saving,
    Signing,
    Started,
    State,
    for_people,
    refused,
)
from .v2 import SIGN_TYPE, V2Error, read, read_unsigned, signed, written

log = logging.getLogger("prewatt.payments")
TITLE = "WeChat Pay"
SIGNING_APP, SIGNING_PAGE = "wxbd687630cd02ce1d", "pages/index/index"
"""WeChat's own mini program, in which payers agree."""
LONGEST_NAME = 32
STATES = {
    "SUCCESS": State.PAID,
    "REFUND": State.REFUNDED,
    "CLOSED": State.CLOSED,
    "REVOKED": State.CLOSED,
    "PAYERROR": State.CLOSED,
    "PAY_FAIL": State.CLOSED,
}
UNKNOWN_ORDER = ("ORDERNOTEXIST", "ORDER_NOT_EXIST")
UNCLEAR = frozenset(
    {"SYSTEMERROR", "BANKERROR", "FREQUENCY_LIMITED", "FREQ_LIMIT", "RATELIMIT_EXCEED", "BIZERR_NEED_RETRY", "ORDERPAID",
     "OUT_TRADE_NO_USED", "USERPAYING"}
)  # fmt: skip
"""Refusals after which the payment may have been made all the same, or may still be made."""
AGREED = "0"
"""The state of a contract that holds."""


class Contracts:
    """The contract payments of a merchant account. `apps`: the ids of its apps, the main one first; `plan`: the id of the template
    that WeChat Pay has set up for the account; `key`: the API v2 key.
    """

    def __init__(self, mchid: str, apps: Iterable[str], plan: str, key: str, address: str) -> None:
        self._mchid, self._apps, self._plan, self._key, self._address = mchid, tuple(apps), plan, key, address

    # -- the agreement -----------------------------------------------------------------------------------------------------

    def save(self, saving: Saving) -> Started:
        """Return how the payer agrees: in an app of the account by WeChat's own mini program, elsewhere by an address that opens in
        WeChat. WeChat Pay is not asked: both are signed here.
        """
        app = saving.app if saving.app in self._apps else self._apps[0]
        fields = {
            "appid": app,
            "mch_id": self._mchid,
            "plan_id": self._plan,
            "contract_code": saving.saving_id,
            "request_serial": str(int(saving.saving_id[:15], 16)),
            "contract_display_account": _display(saving.name),
            "notify_url": saving.notify_url,
            "timestamp": str(int(time.time())),
        }
        if saving.app == app:
            return Started(reference=app, signing=Signing(SIGNING_APP, SIGNING_PAGE, signed(fields, self._key)))
        fields |= {"version": "1.0", "return_web": "1"}
        return Started(f"{self._address}/papay/entrustweb?{urlencode(signed(fields, self._key))}#wechat_redirect", app)

    def saved(self, saving: Saving) -> Saved | None:
        """Return the contract that the payer has agreed to, in any of the account's apps; None if there is none."""
        for app in self._beginning_with(saving.reference):
            contract = self._contract(app, plan_id=self._plan, contract_code=saving.saving_id)
            if contract.get("contract_state") == AGREED:
                if contract.get("contract_code") != saving.saving_id or not contract.get("contract_id"):
                    raise ProviderError(_("The provider's answer is about another agreement. Start again."))
                return Saved(json.dumps([app, contract["contract_id"]]), "")
        return None

    def forget(self, token: str) -> None:
        """End a contract; one that is over already stays so."""
        app, contract = json.loads(token)
        remark = {"contract_termination_remark": "用户解约"}
        for each in self._beginning_with(app):
            fields = {"appid": each, "mch_id": self._mchid, "contract_id": contract, "version": "1.0"}
            answer = self._ask("papay/deletecontract", {**fields, **remark})
            if answer["result_code"] == "SUCCESS":
                return
            if self._contract(each, contract_id=contract).get("contract_state") == AGREED:
                raise _refused(answer)

    def _beginning_with(self, app: str) -> list[str]:
        """Return the apps of the account, one of them first: a contract is of the app in which it was agreed to."""
        return sorted(self._apps, key=lambda each: each != app)

    def _contract(self, app: str, **by: str) -> dict[str, str]:
        """Return a contract as WeChat Pay knows it; empty if it knows none."""
        answer = self._ask("papay/querycontract", {"appid": app, "mch_id": self._mchid, **by, "version": "1.0"})
        if answer["result_code"] == "SUCCESS":
            return answer
        if answer.get("err_code") in UNCLEAR:
            raise _refused(answer)
        return {}

    # -- a payment ---------------------------------------------------------------------------------------------------------

    def charge(self, order: Order, token: str) -> Charged:
        """Ask for a payment. If WeChat Pay refuses, it is asked how the payment stands: an earlier request, whose answer was lost, may
        have paid it. Raises ProviderError if that stays unclear.
        """
        app, contract = json.loads(token)
        fields = {
            "appid": app,
            "mch_id": self._mchid,
            "nonce_str": secrets.token_hex(16),
            "body": order.subject[:40],
            "out_trade_no": order.payment_id,
            "total_fee": str(order.amount),
            "fee_type": order.currency,
            "spbill_create_ip": "127.0.0.1",
            "notify_url": order.notify_url,
            "trade_type": "PAP",
            "contract_id": contract,
        }
        answer = self._ask("pay/pappayapply", fields)
        if answer["result_code"] == "SUCCESS":
            return Charged(PaymentReport(order.payment_id, State.OPEN), reference=app)
        known = self._order(order, app)
        if known is not None and known["trade_state"] not in ("NOTPAY", "PAY_FAIL"):
            return Charged(_report(order, known), reference=app)
        if answer.get("err_code") in UNCLEAR:
            raise _refused(answer)
        log.warning("%s says no: %s %s", TITLE, answer.get("err_code"), answer.get("err_code_des"))
        return Charged(PaymentReport(order.payment_id, State.CLOSED), refusal=_reason(answer))

    def query(self, order: Order) -> PaymentReport:
        """Return how a payment stands; one that WeChat Pay does not know is open."""
        known = self._order(order, order.reference or self._apps[0])
        return _report(order, known) if known is not None else PaymentReport(order.payment_id, State.OPEN)

    def close(self, order: Order) -> None:
        """Check that a payment has ended or never began: WeChat Pay has no way to close one. Raises ProviderError if it still works
        on the payment, because nobody knows how that will end.
        """
        known = self._order(order, order.reference or self._apps[0])
        if known is not None and known["trade_state"] not in STATES:
            raise ProviderError(
                _("WeChat Pay has not said yet whether this payment succeeded. prewatt asks again by itself.")
            )

    def _order(self, order: Order, app: str) -> dict[str, str] | None:
        fields = {
            "appid": app,
            "mch_id": self._mchid,
            "out_trade_no": order.payment_id,
            "nonce_str": secrets.token_hex(16),
        }
        answer = self._ask("pay/paporderquery", fields)
        if answer["result_code"] == "SUCCESS":
            return answer
        if answer.get("err_code") in UNKNOWN_ORDER:
            return None
        raise _refused(answer)

    # -- callbacks ---------------------------------------------------------------------------------------------------------

    def read_callback(self, body: bytes) -> PaymentReport | AgreementReport:
        """Return what a callback reports. Raises CallbackError if it is not WeChat Pay's, or for another account."""
        try:
            fields = read(body, self._key)
        except V2Error as error:
            raise CallbackError(str(error)) from None
        if fields["mch_id"] != self._mchid:
            raise CallbackError("it is for another merchant account")
        if "change_type" in fields:
            return self._agreement(fields)
        if fields["appid"] not in self._apps:
            raise CallbackError("it is for another merchant account")
        if fields["return_code"] != "SUCCESS" or fields["result_code"] != "SUCCESS":
            return PaymentReport(fields["out_trade_no"], State.CLOSED, refusal=_reason(fields))
        return _paid(fields, State.PAID)

    def _agreement(self, fields: Mapping[str, str]) -> AgreementReport:
        # It does not say in which of the apps; any of them can end it.
        token = json.dumps([fields.get("appid") or self._apps[0], fields["contract_id"]])
        return AgreementReport(fields["contract_code"], fields["change_type"] != "DELETE", token)

    # -- asking ------------------------------------------------------------------------------------------------------------

    def _ask(self, path: str, fields: Mapping[str, str]) -> dict[str, str]:
        """Return the fields of the answer to a question. Raises ProviderError if WeChat Pay takes no such message, and V2Error if
        somebody else has signed the answer.
        """
        message = signed({**fields, "sign_type": SIGN_TYPE}, self._key)
        answer = requests.post(
            f"{self._address}/{path}", written(message), headers={"Content-Type": "text/xml"}, timeout=TIMEOUT
        )
        answer.raise_for_status()
        unsigned = read_unsigned(answer.content)
        if unsigned.get("return_code") != "SUCCESS":
            # What goes wrong before the signature is read is answered without one, and has done nothing.
            raise refused(TITLE, unsigned.get("return_msg", ""))
        answer_fields = read(answer.content, self._key)
        if answer_fields.get("mch_id", self._mchid) != self._mchid:
            raise V2Error("it is for another merchant account")
        return answer_fields


def answered(taken: bool, why: str) -> bytes:
    """Return the answer to a callback of the API v2."""
    return written({"return_code": "SUCCESS" if taken else "FAIL", "return_msg": "OK" if taken else why[:100]})


def _display(name: str) -> str:
    """Return a name as WeChat's page of the agreement takes it: signs of three bytes at most."""
    return "".join(sign for sign in name if sign <= "\uffff")[:LONGEST_NAME] or "-"


def _refused(answer: Mapping[str, str]) -> ProviderError:
    code, words = answer.get("err_code"), answer.get("err_code_des", "")
    return refused(TITLE, words, f"{code} {words}", is_certain=code is not None and code not in UNCLEAR)


def _report(order: Order, known: Mapping[str, str]) -> PaymentReport:
    state = STATES.get(known["trade_state"], State.OPEN)
    if state in (State.PAID, State.REFUNDED):
        return _paid(known, state)
    return PaymentReport(order.payment_id, state, refusal=_reason(known) if state == State.CLOSED else "")


def _reason(fields: Mapping[str, str]) -> str:
    return for_people(fields.get("err_code_des") or fields.get("trade_state_desc", ""))


def _paid(fields: Mapping[str, str], state: State) -> PaymentReport:
    at = datetime.strptime(fields["time_end"], "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
    amount, currency = int(fields["total_fee"]), fields.get("fee_type") or "CNY"
    return PaymentReport(fields["out_trade_no"], state, fields["transaction_id"], amount, currency, instant(at))
