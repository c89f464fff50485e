"""TLS of the broker: the certificate of the own one, and what gateways and the server's own processes believe.

The own broker's certificate is signed by an authority that signs nothing else. Its certificate is given to each gateway at
enrolment, which believes no other one from then on. Both begin in 1950 and never end: a gateway whose clock stands in 1970 after
a loss of power, or runs ahead, must get through.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

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

from ...wire.link import BrokerAddress
from .config import ServerConfig, broker_password, make_private

AUTHORITY = "broker-ca.pem"
"""The file of the authority in the home folder: its key, and its certificate."""
BEGINS, ENDS = datetime(1950, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""What X.509 takes for no beginning and no end."""
SYSTEM = "system"
"""The setting by which the certificates that the system believes are believed."""


class Trust(NamedTuple):
    """What a client of the broker believes. `ca`: certificates (PEM); empty: those of the system. `any_name`: whether they sign
    for this broker alone, so that no name is compared.
    """

    tls: bool
    ca: str = ""
    any_name: bool = False


def trust_of_gateways(config: ServerConfig) -> Trust:
    """Return what gateways believe when they connect to the broker. Raises OSError if a file that a setting names can't be
    read.
    """
    if config.mqtt_tls == SYSTEM or (config.mqtt_certificate and not config.mqtt_tls):
        return Trust(True)
    if config.mqtt_tls:
        return Trust(True, Path(config.mqtt_tls).read_text())
    if config.own_broker:
        return Trust(True, _pem(_authority(config)[1]), any_name=True)
    return Trust(False)


def address_for(config: ServerConfig, user: str, retry_longest_s: float) -> BrokerAddress:
    """Return where and how a process of the server connects to the broker as `user`. Raises OSError as `trust_of_gateways`."""
    trust = trust_of_gateways(config)
    if config.own_broker and config.mqtt_certificate:
        # On this machine the broker has another name than its certificate says.
        trust = Trust(True, Path(config.mqtt_certificate).read_text(), any_name=True)
    password = broker_password(config, user)
    return BrokerAddress(*config.mqtt.reached_at, user, password, trust.tls, retry_longest_s, trust.ca, trust.any_name)


def certificate_files(config: ServerConfig) -> tuple[Path, Path]:
    """Return the files of the own broker's certificate and of its key: those that the settings name, or else prewatt's
    own, which are made again if their names have changed. Raises OSError if they can't be written.
    """
    if config.mqtt_certificate and config.mqtt_key:
        return Path(config.mqtt_certificate), Path(config.mqtt_key)
    path, names = config.home / "broker" / "broker.pem", _names(config)
    if not _is_of(path, names):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(_signed(*_authority(config), names))
        fresh.replace(path)
    return path, path


def _names(config: ServerConfig) -> list[x509.GeneralName]:
    """Return the names under which the broker is reached, as far as the settings know them."""
    names = dict.fromkeys(("localhost", "127.0.0.1", "::1", socket.gethostname(), config.mqtt.host, *config.hosts))
    known: list[x509.GeneralName] = []
    for name in names:
        try:
            known.append(x509.IPAddress(ip_address(name.strip("[]"))))
        except ValueError:
            # A pattern such as .example.com, or a name in other letters, can't stand in a certificate; nothing is lost by it.
            with suppress(ValueError):
                known.append(x509.DNSName(name.lstrip(".*") or "localhost"))
    return known


def _is_of(path: Path, names: list[x509.GeneralName]) -> bool:
    try:
        kept = x509.load_pem_x509_certificate(path.read_bytes())
        return list(kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value) == names
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False


def _authority(config: ServerConfig) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Return the authority's key and certificate, made at the first start."""
    path = config.home / AUTHORITY
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "prewatt broker authority")])
        built = _builder(key, name, name).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = _usage(signs_certificates=True)
        certificate = built.add_extension(usage, critical=True).sign(key, hashes.SHA256())
        make_private(path, _private(key) + _pem(certificate).rstrip("\n"))
    kept = path.read_bytes()
    key_kept = load_pem_private_key(kept, None)
    if not isinstance(key_kept, ec.EllipticCurvePrivateKey):
        raise OSError(f"{path}: this is not the key that prewatt has made. Put the file back from a copy")
    return key_kept, x509.load_pem_x509_certificate(kept)


def _signed(signer: ec.EllipticCurvePrivateKey, authority: x509.Certificate, names: list[x509.GeneralName]) -> str:
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
    return _pem(certificate) + _private(key)


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


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _private(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
