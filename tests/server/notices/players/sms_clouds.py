"""Aliyun, Tencent Cloud and Huawei Cloud as senders of SMS, played on the `internet` beside this file: they check each
signature by its published rules, worked out here by hand from what came over the wire, and refuse by their published codes.

Aliyun: https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature. Tencent Cloud:
https://cloud.tencent.com/document/api/382/52071. Huawei Cloud:
https://support.huaweicloud.com/devg-apisign/api-sign-algorithm-002.html.
"""

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit


def _sha(content):
    return hashlib.sha256(content).hexdigest()


def _mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Cloud:
    """`refuses`: what the next ones are answered with, if not empty. `sent`: (number, template, parameters)."""

    host: str
    ID, KEY, SIGN_NAME = "an-id", "a-k3y", "锦绣物业"

    def __init__(self, internet):
        self.internet, self.refuses, self.sent = internet, "", []
        internet.answers[self.host] = self.answer

    def headers(self):
        """Of the request that is being answered, by lower case name."""
        return {name.lower(): value for name, value in self.internet.asked[-1][2].items()}

    def canonical(self, names, path, query, body_hash):
        headers = self.headers()
        lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names.split(";"))
        return f"POST\n{path}\n{query}\n{lines}\n{names}\n{body_hash}"

    @staticmethod
    def is_now(text, form):
        return abs(datetime.strptime(text, form).replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=5)


class AliyunCloud(Cloud):
    host = "dysmsapi.aliyuncs.com"

    def answer(self, path, body):
        where, headers = urlsplit(path), self.headers()
        given = dict(parse_qsl(where.query, strict_parsing=True))
        rows = "&".join(f"{quote(name, safe='')}={quote(given[name], safe='')}" for name in sorted(given))
        said = re.fullmatch(
            r"ACS3-HMAC-SHA256 Credential=(?P<id>[^,]+),SignedHeaders=(?P<names>[^,]+),Signature=(?P<mac>\w+)",
            headers["authorization"],
        )
        must = {name for name in headers if name.startswith("x-acs-")} | {"host"}
        request = self.canonical(said["names"], where.path, rows, headers["x-acs-content-sha256"])
        mac = _mac(self.KEY.encode(), f"ACS3-HMAC-SHA256\n{_sha(request.encode())}").hex()
        good = (
            set(said["names"].split(";")) >= must
            and headers["x-acs-content-sha256"] == _sha(body)
            and (headers["x-acs-action"], headers["x-acs-version"]) == ("SendSms", "2017-05-25")
            and self.is_now(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ")
            and said["id"] == self.ID
        )
        if not good or mac != said["mac"]:
            return 400, {"Code": "SignatureDoesNotMatch", "Message": "Specified signature is not matched."}
        if self.refuses:
            return 200, {"Code": self.refuses, "Message": "no", "RequestId": "r"}
        values = json.loads(given["TemplateParam"])
        if any(not 1 <= len(value) <= 35 for value in values.values()):
            return 200, {"Code": "isv.PARAM_LENGTH_LIMIT", "Message": "参数超过长度限制"}
        if any("http" in value for value in values.values()):
            return 200, {"Code": "isv.PARAM_NOT_SUPPORT_URL", "Message": "变量不支持传入URL"}
        if given["SignName"] != self.SIGN_NAME:
            return 200, {"Code": "isv.SMS_SIGNATURE_ILLEGAL", "Message": "短信签名不合法"}
        self.sent.append((given["PhoneNumbers"], given["TemplateCode"], values))
        return 200, {"Code": "OK", "Message": "OK", "BizId": "1", "RequestId": "r"}


class TencentCloud(Cloud):
    host = "sms.tencentcloudapi.com"
    APP = "1400006666"

    def answer(self, path, body):
        headers = self.headers()
        at = int(headers["x-tc-timestamp"])
        day = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
        said = re.fullmatch(
            r"TC3-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<scope>[^,]+), SignedHeaders=(?P<names>[^,]+), Signature=(?P<mac>\w+)",
            headers["authorization"],
        )
        request = self.canonical(said["names"], "/", "", _sha(body))
        key = _mac(_mac(_mac(f"TC3{self.KEY}".encode(), day), "sms"), "tc3_request")
        mac = _mac(key, f"TC3-HMAC-SHA256\n{at}\n{said['scope']}\n{_sha(request.encode())}").hex()
        if said["id"] != self.ID:
            return 200, self._error("AuthFailure.SecretIdNotFound")
        if abs(datetime.now(UTC).timestamp() - at) > 300:
            return 200, self._error("AuthFailure.SignatureExpire")
        if (
            mac != said["mac"]
            or said["scope"] != f"{day}/sms/tc3_request"
            or not {"content-type", "host"} <= set(said["names"].split(";"))
            or (headers["x-tc-action"], headers["x-tc-version"]) != ("SendSms", "2021-01-11")
        ):
            return 200, self._error("AuthFailure.SignatureFailure")
        if self.refuses.startswith("LimitExceeded.Phone") or self.refuses.startswith("FailedOperation"):
            return 200, {"Response": {"SendStatusSet": [{"Code": self.refuses, "Message": "no"}], "RequestId": "r"}}
        if self.refuses:
            return 200, self._error(self.refuses)
        given = json.loads(body)
        assert all(isinstance(value, str) for value in given["TemplateParamSet"]) and given["SmsSdkAppId"] == self.APP
        (number,) = given["PhoneNumberSet"]
        code = "Ok" if re.fullmatch(r"\+861\d{10}", number) else "InvalidParameterValue.IncorrectPhoneNumber"
        if code == "Ok":
            self.sent.append((number, given["TemplateId"], given["TemplateParamSet"]))
        return 200, {"Response": {"SendStatusSet": [{"Code": code, "Message": "send success"}], "RequestId": "r"}}

    @staticmethod
    def _error(code):
        return {"Response": {"Error": {"Code": code, "Message": "no"}, "RequestId": "r"}}


class HuaweiCloud(Cloud):
    host = "smsapi.cn-north-4.myhuaweicloud.com"
    SENDER = "8823091128903"

    def answer(self, path, body):
        headers = self.headers()
        said = re.fullmatch(
            r"SDK-HMAC-SHA256 Access=(?P<id>[^,]+), SignedHeaders=(?P<names>[^,]+), Signature=(?P<mac>\w+)",
            headers["authorization"],
        )
        at = headers["x-sdk-date"]
        request = self.canonical(said["names"], f"{path}/", "", _sha(body))
        mac = _mac(self.KEY.encode(), f"SDK-HMAC-SHA256\n{at}\n{_sha(request.encode())}").hex()
        if path != "/sms/batchSendSms/v1" or not self.is_now(at, "%Y%m%dT%H%M%SZ"):
            return 400, {"code": "E000503", "description": "Parameter error"}
        if mac != said["mac"] or said["id"] != self.ID or "host" not in said["names"]:
            return 401, {"code": "E000045", "description": "Authorization verification failed"}
        if self.refuses.startswith("E0"):
            return 400, {"code": self.refuses, "description": "no"}
        given = {name: values[0] for name, values in parse_qs(body.decode(), strict_parsing=True).items()}
        values = json.loads(given["templateParas"])
        status = self.refuses or "000000"
        if any(not 1 <= len(value) <= 20 for value in values):
            status = "E200028"
        if given["from"] != self.SENDER:
            status = "E200018"
        if status != "000000":
            return 200, {
                "code": "E000510",
                "description": "The SMS fails to be sent.",
                "result": [{"originTo": given["to"], "status": status}],
            }
        self.sent.append((given["to"], given["templateId"], values))
        return 200, {
            "code": "000000",
            "description": "Success",
            "result": [{"originTo": given["to"], "status": "000000"}],
        }
