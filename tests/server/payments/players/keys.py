"""Keys of providers and merchants, and what is signed with them."""

import base64

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_pem(key):
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def bare(pem):
    """As the providers' consoles show a key: without its first and last line."""
    return "".join(line for line in pem.splitlines() if not line.startswith("-----"))


def sign(key, text):
    return base64.b64encode(key.sign(text.encode(), PKCS1v15(), hashes.SHA256())).decode()
