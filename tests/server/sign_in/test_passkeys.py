"""A passkey is a second factor, and logs in alone. The authenticator is played: a key of ECDSA that signs what WebAuthn says."""

import hashlib
import json
import os

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from tests.building import PASSWORD

pytestmark = pytest.mark.django_db
PRESENT_AND_VERIFIED = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class Passkey:
    """An authenticator with one key (https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data). `at`: the page it believes to be
    at.
    """

    def __init__(self, at="http://localhost"):
        self.at, self.key, self.id, self.owner, self.count = (
            at,
            ec.generate_private_key(ec.SECP256R1()),
            os.urandom(32),
            b"",
            0,
        )

    def _said(self, kind, options):
        return CollectedClientData.create(type=kind, challenge=options["challenge"], origin=self.at)

    def _data(self, options, credential=b""):
        self.count += 1
        flags = PRESENT_AND_VERIFIED | (AuthenticatorData.FLAG.AT if credential else 0)
        return AuthenticatorData.create(hashlib.sha256(b"localhost").digest(), flags, self.count, credential)

    def _answer(self, **response):
        encoded = {name: websafe_encode(bytes(value)) for name, value in response.items()}
        return {
            "type": "public-key", "id": websafe_encode(self.id), "rawId": websafe_encode(self.id), "response": encoded,
            "clientExtensionResults": {"credProps": {"rk": True}},
        }  # fmt: skip

    def make(self, options):
        """What it answers when it is to be added."""
        options = json.loads(json.dumps(options, default=websafe_encode))["publicKey"]
        self.owner = options["user"]["id"]
        public = ES256.from_cryptography_key(self.key.public_key())
        data = self._data(options, AttestedCredentialData.create(Aaguid(b"\0" * 16), self.id, public))
        attestation = AttestationObject.create("none", data, {})
        return self._answer(clientDataJSON=self._said("webauthn.create", options), attestationObject=attestation)

    def prove(self, options):
        """What it answers when somebody logs in."""
        options = json.loads(json.dumps(options, default=websafe_encode))["publicKey"]
        data, said = self._data(options), self._said("webauthn.get", options)
        signature = self.key.sign(bytes(data) + said.hash, ec.ECDSA(hashes.SHA256()))
        answer = self._answer(clientDataJSON=said, authenticatorData=data, signature=signature)
        answer["response"]["userHandle"] = self.owner
        return answer


def client():
    return Client(SERVER_NAME="localhost")


def logged_in():
    made = client()
    made.post("/login/", {"username": "flat1", "password": PASSWORD})
    return made


def is_in(browser):
    return browser.get("/account/").status_code == 200


def add(browser, passkey):
    options = browser.get("/account/passkeys/add/").context["js_data"]["creation_options"]
    given = {"name": "my phone", "passwordless": "on", "credential": json.dumps(passkey.make(options))}
    return browser.post("/account/passkeys/add/", given)


def prove(browser, passkey):
    options = browser.get("/login/passkey/", headers={"Accept": "application/json"}).json()["request_options"]
    browser.post("/login/passkey/", {"credential": json.dumps(passkey.prove(options))})


def test_a_passkey_logs_in_alone_and_the_password_alone_no_more(anna):
    passkey = Passkey()
    assert add(logged_in(), passkey)["Location"] == "/account/recovery-codes/"
    browser, other = client(), logged_in()
    prove(browser, passkey)
    assert is_in(browser) and not is_in(other)
    options = other.get("/login/factor/").context["js_data"]["request_options"]
    other.post("/login/factor/", {"credential": json.dumps(passkey.prove(options))})
    assert is_in(other)


def test_a_page_that_only_looks_like_ours_gets_nothing_of_a_passkey(anna):
    passkey, browser = Passkey(), client()
    add(logged_in(), passkey)
    passkey.at = "https://localhost.evil.example"
    prove(browser, passkey)
    assert not is_in(browser)


def test_another_key_and_an_old_answer_open_nothing(anna):
    passkey, forged, browser = Passkey(), Passkey(), client()
    add(logged_in(), passkey)
    forged.id, forged.owner = passkey.id, passkey.owner
    prove(browser, forged)
    assert not is_in(browser)
    options = browser.get("/login/passkey/", headers={"Accept": "application/json"}).json()["request_options"]
    answer = {"credential": json.dumps(passkey.prove(options))}
    browser.post("/login/passkey/", answer)
    assert is_in(browser)
    again = client()
    again.get("/login/passkey/", headers={"Accept": "application/json"})
    again.post("/login/passkey/", answer)
    assert not is_in(again)
