"""Plays WeChat Pay's contract payments (委托代扣), API v2: agreeing, asking, ending, and callbacks, all signed by HMAC-SHA256.

Rules: https://pay.weixin.qq.com/wiki/doc/api/pap.php?chapter=17_2
"""

import datetime
import hashlib
import hmac
import secrets
import time
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

from tests.server.payments.players.trade import Trade
from tests.server.payments.players.wechat import BEIJING

DECLINED = {"NOTENOUGH": "用户余额不足", "CONTRACT_NOT_EXIST": "签约协议不存在", "SYSTEMERROR": "系统错误"}
FOR_AGREEING = {
    "appid", "mch_id", "plan_id", "contract_code", "request_serial", "contract_display_account", "notify_url", "timestamp", "sign",
}  # fmt: skip


class WeChatContracts:
    """The contracts, and what is asked for by them. `refuses`: what the payer's bank says to the next payments, such as NOTENOUGH;
    `at_once`: in the answer itself, and not later. `asked`: the numbers of the payments that were asked for.
    """

    PLAN, KEY = "123456", "abcdef0123456789abcdef0123456789"
    SETTINGS = {"plan_id": PLAN, "api_v2_key": KEY}

    def __init__(self, outer):
        self._outer, self.contracts, self.refuses, self.at_once, self.asked = outer, {}, "", False, []

    # -- signatures ------------------------------------------------------------------------------------------------------

    def sign(self, fields):
        text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name] and name != "sign")
        return hmac.new(self.KEY.encode(), f"{text}&key={self.KEY}".encode(), hashlib.sha256).hexdigest().upper()

    def message(self, **fields):
        """A message of WeChat Pay's, signed."""
        root = ElementTree.Element("xml")
        for name, value in {**fields, "sign": self.sign(fields)}.items():
            ElementTree.SubElement(root, name).text = value
        return ElementTree.tostring(root, encoding="utf-8")

    def callback(self, **fields):
        """(body, headers) of a callback."""
        told = {"return_code": "SUCCESS", "result_code": "SUCCESS", "mch_id": self._outer.MCHID, **fields}
        return self.message(**told), {"Content-Type": "text/xml"}

    # -- what the payer does ---------------------------------------------------------------------------------------------

    def agree(self, wanted):
        """The payer agrees: `wanted` is the address, or what `wx.navigateToMiniProgram` takes. The callback that follows."""
        if isinstance(wanted, str):
            assert urlsplit(wanted).path == "/papay/entrustweb" and wanted.endswith("#wechat_redirect")
            fields = dict(parse_qsl(urlsplit(wanted).query))
            assert (fields.pop("version"), fields.pop("return_web")) == ("1.0", "1")
            assert self.sign({**fields, "version": "1.0", "return_web": "1"}) == fields["sign"], "签名错误"
            assert fields["appid"] == self._outer.APPID
        else:
            assert (wanted["appId"], wanted["path"]) == ("wxbd687630cd02ce1d", "pages/index/index")
            fields = wanted["extraData"]
            assert self.sign(fields) == fields["sign"], "签名错误"
            assert fields["appid"] == self._outer.MINI_APPID
        assert set(fields) == FOR_AGREEING and fields["mch_id"] == self._outer.MCHID and fields["plan_id"] == self.PLAN
        assert 0 < int(fields["request_serial"]) < 2**63 and len(fields["contract_code"]) <= 32
        assert abs(int(fields["timestamp"]) - time.time()) < 300
        contract = {
            "contract_id": f"Wx{secrets.token_hex(13)}",
            "contract_code": fields["contract_code"],
            "plan_id": self.PLAN,
            "appid": fields["appid"],
            "contract_state": "0",
        }
        self.contracts[contract["contract_id"]] = contract
        return self.change(contract, "ADD")

    def end(self, contract):
        """The payer ends a contract in WeChat. The callback that follows."""
        contract["contract_state"] = "1"
        return self.change(contract, "DELETE")

    def change(self, contract, change_type):
        return self.callback(
            contract_code=contract["contract_code"],
            contract_id=contract["contract_id"],
            plan_id=self.PLAN,
            openid="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
            change_type=change_type,
            operate_time="2025-10-17 10:00:00",
            request_serial="1000",
        )

    # -- payments ----------------------------------------------------------------------------------------------------------

    def work(self, trade):
        """WeChat Pay works off a payment that it has taken up. The callback that follows."""
        if self.refuses:
            trade.more["failed"] = self.refuses
            told = {"result_code": "FAIL", "err_code": self.refuses, "err_code_des": DECLINED[self.refuses]}
        else:
            trade.pay()
            told = {}
        return self.callback(appid=trade.more["appid"], **self._told(trade), **told)

    def _told(self, trade):
        fields = {"out_trade_no": trade.payment_id, "contract_id": trade.more["contract"], "trade_type": "PAP"}
        if trade.state == "paid":
            at = datetime.datetime.fromtimestamp(trade.at, BEIJING)
            fields |= {"transaction_id": trade.transaction, "total_fee": f"{trade.amount}", "fee_type": trade.currency}
            fields |= {"time_end": f"{at:%Y%m%d%H%M%S}"}
        return fields

    # -- answers -----------------------------------------------------------------------------------------------------------

    def call(self, where, body):
        """(status, answer, headers) of a request."""
        root = ElementTree.fromstring(body)
        fields = {each.tag: each.text or "" for each in root}
        if fields["sign_type"] != "HMAC-SHA256" or self.sign(fields) != fields["sign"]:
            failed = b"<xml><return_code>FAIL</return_code><return_msg>%s</return_msg></xml>" % "签名错误".encode()
            return 200, failed, {"Content-Type": "text/xml"}
        assert fields["mch_id"] == self._outer.MCHID
        assert fields["appid"] in (self._outer.APPID, self._outer.MINI_APPID)
        name = where.path.rpartition("/")[2]
        found = getattr(self, f"_{name}")(fields)
        common = {
            "return_code": "SUCCESS",
            "result_code": "SUCCESS",
            "mch_id": fields["mch_id"],
            "appid": fields["appid"],
        }
        return 200, self.message(**{**common, **found}), {"Content-Type": "text/xml"}

    def _fail(self, code, words):
        return {"result_code": "FAIL", "err_code": code, "err_code_des": words}

    def _contract(self, fields):
        rows = [each for each in self.contracts.values() if each["appid"] == fields["appid"]]
        if "contract_id" in fields:
            return next((each for each in rows if each["contract_id"] == fields["contract_id"]), None)
        wanted = (fields["plan_id"], fields["contract_code"])
        return next((each for each in rows if (each["plan_id"], each["contract_code"]) == wanted), None)

    def _querycontract(self, fields):
        return self._contract(fields) or self._fail("CONTRACT_NOT_EXIST", "签约协议不存在")

    def _deletecontract(self, fields):
        contract = self._contract(fields)
        if contract is None or contract["contract_state"] != "0":
            return self._fail("CONTRACT_NOT_EXIST", "签约协议不存在")
        contract["contract_state"] = "1"
        return {"contract_id": contract["contract_id"]}

    def _pappayapply(self, fields):
        number, contract = fields["out_trade_no"], self._contract(fields)
        self.asked.append(number)
        assert (
            fields["trade_type"] == "PAP"
            and fields["total_fee"].isdecimal()
            and fields["notify_url"].startswith("http")
        )
        if (known := self._outer.trades.get(number)) is not None:
            assert (known.amount, known.more["contract"]) == (int(fields["total_fee"]), fields["contract_id"])
            return self._fail("ORDERPAID", "订单已支付") if known.state == "paid" else {}
        if contract is None or contract["contract_state"] != "0":
            return self._fail("CONTRACT_NOT_EXIST", "签约协议不存在")
        if self.refuses and self.at_once:
            return self._fail(self.refuses, DECLINED[self.refuses])
        more = {"appid": fields["appid"], "contract": fields["contract_id"]}
        amount, currency = int(fields["total_fee"]), fields["fee_type"]
        self._outer.trades[number] = Trade("wechat", number, amount, currency, fields["notify_url"], **more)
        return {}

    def _paporderquery(self, fields):
        trade = self._outer.trades.get(fields["out_trade_no"])
        if trade is None:
            return self._fail("ORDERNOTEXIST", "订单不存在")
        if failed := trade.more.get("failed"):
            return {"trade_state": "PAY_FAIL", "trade_state_desc": DECLINED[failed], **self._told(trade)}
        state = "REFUND" if trade.refunds else "SUCCESS" if trade.state == "paid" else "ACCEPT"
        return {"trade_state": state, **self._told(trade)}
