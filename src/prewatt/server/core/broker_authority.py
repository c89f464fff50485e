"""The authority of the own broker, which signs its certificate, a new key each time, and nothing else.

Its own certificate is given to each gateway at enrolment, which believes no other one from then on. Both begin in 1950 and never
end: a gateway whose clock stands in 1970 after a loss of power, or runs ahead, must get through.
"""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .config import ServerConfig, make_private

AUTHORITY = "broker-ca.pem"
"""The file of the authority in the home folder: its key, and its certificate."""
BEGINS, ENDS = datetime(1950, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""What X.509 takes for no beginning and no end."""


def authority_of(config: ServerConfig) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Return the authority's key and certificate, made at the first start."""
    path = config.home / AUTHORITY
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "prewatt broker authority")])
        built = _builder(key, name, name).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = _usage(signs_certificates=True)
        certificate = built.add_extension(usage, critical=True).sign(key, hashes.SHA256())
        make_private(path, _private(key) + pem(certificate).rstrip("\n"))
    kept = path.read_bytes()
    key_kept = load_pem_private_key(kept, None)
    if not isinstance(key_kept, ec.EllipticCurvePrivateKey):
        raise OSError(f"{path}: this is not the key that prewatt has made. Put the file back from a copy")
    return key_kept, x509.load_pem_x509_certificate(kept)


def signed(signer: ec.EllipticCurvePrivateKey, authority: x509.Certificate, names: list[x509.GeneralName]) -> str:
    """Return a new key with its certificate for these names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "prewatt broker")])
    certificate = (
        _builder(key, name, authority.subject)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return pem(certificate) + _private(key)


def _builder(key: ec.EllipticCurvePrivateKey, subject: x509.Name, issuer: x509.Name) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGINS)
        .not_valid_after(ENDS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def pem(certificate: x509.Certificate) -> str:
    """Return a certificate as text (PEM)."""
    return certificate.public_bytes(Encoding.PEM).decode()


def _private(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
