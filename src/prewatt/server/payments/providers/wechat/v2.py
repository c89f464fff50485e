"""Messages of WeChat Pay's API v2: flat XML, signed with the API v2 key by HMAC-SHA256. MD5, which the API allows too, is refused.

Rules: https://pay.weixin.qq.com/wiki/doc/api/pap.php?chapter=4_3
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from xml.parsers import expat
from xml.sax.saxutils import escape

LONGEST = 64 * 1024
MOST_FIELDS = 100
SIGN_TYPE = "HMAC-SHA256"


class V2Error(ValueError):
    """A message is not flat XML, is too long, or has a wrong signature."""


def signature(fields: Mapping[str, str], key: str) -> str:
    """Return the signature of a message: of its fields in the order of their names, without empty ones and `sign` itself."""
    pairs = [f"{name}={fields[name]}" for name in sorted(fields) if fields[name] and name != "sign"]
    text = "&".join([*pairs, f"key={key}"])
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest().upper()


def signed(fields: Mapping[str, str], key: str) -> dict[str, str]:
    """Return the fields with their signature."""
    return {**fields, "sign": signature(fields, key)}


def written(fields: Mapping[str, str]) -> bytes:
    """Return a message as XML."""
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    return f"<xml>{inner}</xml>".encode()


def read(content: bytes, key: str) -> dict[str, str]:
    """Return the fields of a message that WeChat Pay has signed. Raises V2Error for any other."""
    fields = read_unsigned(content)
    if not hmac.compare_digest(signature(fields, key).encode(), fields.get("sign", "").encode()):
        raise V2Error("its signature is not WeChat Pay's, or it is not by HMAC-SHA256")
    return fields


def read_unsigned(content: bytes) -> dict[str, str]:
    """Return the fields of a message, whoever sent it. It must be an element `xml` whose elements contain only text. Raises V2Error
    for any other message. A DTD is refused and never read.
    """
    if len(content) > LONGEST:
        raise V2Error("it is too long")
    fields: dict[str, str] = {}
    path: list[str] = []
    texts: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        path.append(name)
        texts.clear()
        if attributes or len(path) > 2 or path[0] != "xml" or (len(path) == 2 and name in fields):
            raise V2Error("it is no flat XML")
        if len(fields) >= MOST_FIELDS:
            raise V2Error("it has too many fields")

    def end(name: str) -> None:
        if len(path) == 2:
            fields[name] = "".join(texts).strip()
        path.pop()

    def refuse(*_given: object) -> None:
        raise V2Error("it has a DTD")

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = texts.append
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, UnicodeError) as error:
        raise V2Error(f"it is no XML ({type(error).__name__})") from None
    return fields
