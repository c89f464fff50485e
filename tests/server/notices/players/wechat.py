"""WeChat's and WeCom's API as far as notices need it, played on the `internet` beside this file: it refuses what the real ones
refuse, by their published rules and codes.

Fields: "参数值内容限制说明" of
https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html; codes:
https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html,
https://developer.work.weixin.qq.com/document/path/90313.
"""

import json
import re
from urllib.parse import parse_qs, urlsplit

HAN = r"[\u4e00-\u9fff]"
MOMENT = r"\d{4}([-/.]|年)\d{1,2}([-/.]|月)\d{1,2}日?( \d\d:\d\d(:\d\d)?)?"
KINDS = {
    "thing": r"[^\x00-\x1f]{1,20}",
    "number": r"(?=.{1,32}$)\d+(\.\d+)?",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[\x20-\x7e]{1,32}",
    "time": rf"(\d\d:\d\d(:\d\d)?|{MOMENT})(~.+)?",
    "date": rf"{MOMENT}(~.+)?",
    "amount": r"[^\d\s.]?(?=[\d.]+元?$)(?!(\d\.?){11})\d+(\.\d+)?元?",
    "phone_number": r"[\d+-]{1,17}",
    "car_number": r".{1,8}",
    "name": rf"({HAN}{{1,10}}|[A-Za-z .]{{1,20}})",
    "phrase": rf"{HAN}{{1,5}}",
    "const": r"[^\x00-\x1f]{1,20}",
    "enum": r"[^\x00-\x1f]{1,20}",
    "keyword": r"[^\x00-\x1f]{1,20}",
}


class WeChatServer:
    """`templates`: id -> fields. `followers`: openids. `allowed`: (openid, template) -> messages that they still take, None
    for any number. `left`: calls until the account's day is over. `sent`: (openid, template, {field: value}, body).
    """

    APPID, SECRET = "wx2421b1c4370ec43b", "f29f1b9a"

    def __init__(self, appid=APPID, secret=SECRET):
        self.APPID, self.SECRET = appid, secret
        self.templates, self.followers, self.allowed, self.sent = {}, set(), {}, []
        self.left, self.tokens, self.forced = 1000, ["T0"], 0

    def expire(self):
        """The token ends before its time, as when somebody else of the account has asked for another by force."""
        self.tokens.append(f"T{len(self.tokens)}")

    def __call__(self, path, body):
        where = urlsplit(path)
        given = json.loads(body) if body else {}
        if where.path == "/cgi-bin/stable_token":
            return 200, self._token(given)
        token = parse_qs(where.query).get("access_token", [""])[0]
        if token != self.tokens[-1]:
            return 200, self._no(42001 if token in self.tokens else 40001, "access_token expired")
        calls = {
            "/cgi-bin/message/template/send": self._template,
            "/cgi-bin/message/subscribe/bizsend": self._subscribed,
            "/cgi-bin/message/subscribe/send": self._subscribed,
        }
        return 200, calls[where.path](given)

    @staticmethod
    def _no(code, text):
        return {"errcode": code, "errmsg": f"{text} rid: 65004ee5-3ca2dfc2-6eb97a55"}

    def _token(self, given):
        if given.get("grant_type") != "client_credential" or given.get("appid") != self.APPID:
            return self._no(40013, "invalid appid")
        if given.get("secret") != self.SECRET:
            return self._no(40125, "invalid appsecret")
        if given.get("force_refresh"):
            self.forced += 1
            self.expire()
        return {"access_token": self.tokens[-1], "expires_in": 7200}

    def _template(self, given):
        if given["touser"] not in self.followers:
            return self._no(43004, "require subscribe")
        return self._take(given)

    def _subscribed(self, given):
        key = (given["touser"], given.get("template_id"))
        if not re.fullmatch(r"o[\w-]{27}", given["touser"]):
            return self._no(40003, "invalid openid")
        if given.get("template_id") in self.templates and self.allowed.get(key, 0) == 0:
            return self._no(43101, "user refuse to accept the msg")
        answer = self._take(given)
        if answer["errcode"] == 0 and self.allowed[key] is not None:
            self.allowed[key] -= 1
        return answer

    def _take(self, given):
        fields = self.templates.get(given.get("template_id"))
        if fields is None:
            return self._no(40037, "invalid template_id")
        if self.left <= 0:
            return self._no(45009, "reach max api daily quota limit")
        for field in fields:
            value = given["data"].get(field, {}).get("value", "")
            if not value:
                return self._no(47003, f"argument invalid! data.{field}.value is empty")
            if not re.fullmatch(KINDS[re.sub(r"\d+$", "", field)], value):
                return self._no(47003, f"argument invalid! data.{field}.value invalid")
        self.left -= 1
        shown = {name: each["value"] for name, each in given["data"].items() if name in fields}
        self.sent.append((given["touser"], given["template_id"], shown, given))
        return {"errcode": 0, "errmsg": "ok", "msgid": len(self.sent)}


class WeComServer:
    """`people` see the app. `sent`: (who, text)."""

    CORPID, SECRET, AGENT = "ww0123456789abcdef", "s3cret-of-the-app", 1000002
    BOT = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"

    def __init__(self):
        self.people, self.sent, self.token = {"zhangsan"}, [], "W0"

    def __call__(self, path, body):
        where = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(where.query).items()}
        if where.path == "/cgi-bin/gettoken":
            if (asked.get("corpid"), asked.get("corpsecret")) != (self.CORPID, self.SECRET):
                return 200, {"errcode": 40001, "errmsg": "invalid credential"}
            return 200, {"errcode": 0, "errmsg": "ok", "access_token": self.token, "expires_in": 7200}
        given = json.loads(body)
        text = given["text"]["content"]
        if len(text.encode()) > 2048:
            return 200, {"errcode": 40058, "errmsg": "text exceed max length 2048"}
        if where.path == "/cgi-bin/webhook/send":
            if asked.get("key") != self.BOT:
                return 200, {"errcode": 93000, "errmsg": "invalid webhook url"}
            self.sent.append(("bot", text))
            return 200, {"errcode": 0, "errmsg": "ok"}
        if asked.get("access_token") != self.token:
            return 200, {"errcode": 42001, "errmsg": "access_token expired"}
        if given["agentid"] != self.AGENT:
            return 200, {"errcode": 301002, "errmsg": "not allow operate another agent with this accesstoken"}
        if given["touser"] not in self.people:
            return 200, {"errcode": 81013, "errmsg": "user & party & tag all invalid"}
        self.sent.append((given["touser"], text))
        return 200, {"errcode": 0, "errmsg": "ok", "msgid": "m1"}
