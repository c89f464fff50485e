"""The authority of prewatt's own broker. It signs the broker's certificate, each time with a new key, and nothing else.
Each gateway gets the authority's own certificate at enrolment, and believes no other one from then on.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .broker_certificate_parts import builder, key_usage, pem, private_pem
from .home_folder import make_private
from .server_config import ServerConfig

AUTHORITY = "broker-ca.pem"
"""The file of the authority in the home folder: its key, and its certificate."""


def authority_of(config: ServerConfig) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Return the authority's key and certificate, made at the first start. Raises OSError if the file can't be read, is
    damaged, or holds another kind of key.
    """
    path = config.home / AUTHORITY
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "prewatt broker authority")])
        built = builder(key, name, name).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = key_usage(signs_certificates=True)
        certificate = built.add_extension(usage, critical=True).sign(key, hashes.SHA256())
        make_private(path, private_pem(key) + pem(certificate).rstrip("\n"))
    kept = path.read_bytes()
    try:
        key_kept, certificate_kept = load_pem_private_key(kept, None), x509.load_pem_x509_certificate(kept)
    except (ValueError, TypeError):
        raise OSError(f"{path}: the file is damaged. Put it back from a copy") from None
    if not isinstance(key_kept, ec.EllipticCurvePrivateKey):
        raise OSError(f"{path}: this is not the key that prewatt has made. Put the file back from a copy")
    return key_kept, certificate_kept


def signed(signer: ec.EllipticCurvePrivateKey, authority: x509.Certificate, names: list[x509.GeneralName]) -> str:
    """Return the certificate of a new key for these names, with the key, as text (PEM)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "prewatt broker")])
    certificate = (
        builder(key, name, authority.subject)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return pem(certificate) + private_pem(key)
