"""Web push (RFC 8030, 8291, 8292) to a phone or computer on which somebody allowed it on the notices page."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from .interface import Kind, Message, SendError, check_host, send_by_apprise

NAME = "browser@prewatt.example"
"""The name of the subscription. The library wants an e-mail address."""


def key_file() -> Path:
    """Return the file with the server's own key for web push. The key is made when it is first needed."""
    path: Path = settings.CONFIG.home / "push.pem"
    if not path.exists():
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, new_file = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        try:
            # Of two processes that make one, the first one's holds.
            os.link(new_file, path)
        except FileExistsError:
            pass
        finally:
            Path(new_file).unlink()
    return path


def public_key() -> str:
    """Return the public part of the key for a browser: the point of the curve, as base64url."""
    key = serialization.load_pem_private_key(key_file().read_bytes(), None)
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


class Push(Kind):
    """A browser that has allowed push messages."""

    name = "push"
    title = _("Push in this browser")
    address = ""

    @staticmethod
    def read_address(text: str) -> str:
        """Return the subscription that a browser gave, as JSON. Raises ValueError, for people, if it can't be used."""
        try:
            given = json.loads(text)
            endpoint = str(given["endpoint"])
            kept = {"endpoint": endpoint, "keys": {name: str(given["keys"][name]) for name in ("p256dh", "auth")}}
            address = urlsplit(endpoint)
            if address.scheme != "https" or not address.hostname or len(text) > 2000:
                raise ValueError
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ValueError(_now("The browser did not give an address that can be used.")) from None
        return json.dumps(kept)

    @staticmethod
    def shown(address: str) -> str:
        """Return the host of the browser's push service."""
        return str(urlsplit(json.loads(address)["endpoint"]).hostname)[:100]

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:  # noqa: ARG004
        """Send a message to a browser. Raises SendError, a lasting one if the browser takes no more messages."""
        kept = json.loads(address)
        check_host(urlsplit(kept["endpoint"]).hostname or "")
        shown = {"title": message.title, "text": message.text, "link": message.link, "key": message.key}
        if message.change:
            shown |= {"change": message.change, "label": message.change_label}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "subscription.json"
            file.write_text(json.dumps({NAME: kept}))
            url = f"vapid://{NAME}?keyfile={quote(str(key_file()))}&subfile={quote(str(file))}&redirect=no"
            flat = Message(**{**message.__dict__, "title": "", "text": json.dumps(shown)})
            try:
                send_by_apprise(url, flat)
            except SendError:
                # The library takes a subscription that is gone out of its file.
                if NAME in json.loads(file.read_text() or "{}"):
                    raise
                raise SendError(_now("This browser does not take push messages any more."), lasting=True) from None
