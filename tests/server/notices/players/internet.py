"""The internet, as far as notices need it, on this machine: a proxy that ends TLS with certificates of its own, a mail server,
and a plain web server. What is sent leaves by the libraries' real ways, to the real names; only the wire is ours.
"""

import base64
import datetime
import json
import socketserver
import ssl
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(subject, key, issuer, issuer_key, host=None):
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
    )
    if host:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return made.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Internet:
    """`asked`: (host, path, headers, body) of what came. `answers`: by host, what makes (status, body) of (path, body)."""

    def __init__(self):
        self.asked, self.answers = [], {}
        self._folder = Path(tempfile.mkdtemp())
        self._authority_key = ec.generate_private_key(ec.SECP256R1())
        self.authority = self._folder / "authority.pem"
        self.authority.write_bytes(_certificate("Test", self._authority_key, "Test", self._authority_key))
        self._contexts = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.proxy = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def clear(self):
        self.asked.clear()
        self.answers.clear()

    def context(self, host):
        if host not in self._contexts:
            key = ec.generate_private_key(ec.SECP256R1())
            file = self._folder / f"{host}.pem"
            file.write_bytes(_pem(key) + _certificate(host, key, "Test", self._authority_key, host))
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            made.load_cert_chain(file)
            self._contexts[host] = made
        return self._contexts[host]

    def _handler(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            host = ""

            def log_message(self, *arguments):
                pass

            def do_CONNECT(self):
                self.host = self.path.rsplit(":", 1)[0]
                self.send_response(200)
                self.end_headers()
                self.connection = outer.context(self.host).wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                self.close_connection = False

            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.asked.append((self.host, self.path, dict(self.headers), body))
                status, answer = outer.answers.get(self.host, lambda path, body: (200, {}))(self.path, body)
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", content.decode())
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do  # noqa: N815

        return Handler

    @property
    def plain(self):
        """Host and port of the same server without TLS."""
        return f"127.0.0.1:{self.server.server_port}"


class MailServer:
    """An SMTP server (RFC 5321) that keeps what it is given. `refuses`: it says so to the next ones."""

    def __init__(self):
        self.mails, self.logins, self.refuses = [], [], 0
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(f"{text}\r\n".encode())

            def handle(self):
                self.say("220 mail")
                sender, to = "", []
                while line := self.rfile.readline().decode().strip():
                    word = line.split()[0].upper()
                    if word in ("EHLO", "HELO"):
                        self.wfile.write(b"250-mail\r\n250-AUTH PLAIN\r\n250 SMTPUTF8\r\n")
                    elif word == "AUTH":
                        outer.logins.append(base64.b64decode(line.split()[2]).split(b"\0")[1:])
                        self.say("235 ok")
                    elif word == "MAIL":
                        sender = line
                        self.say("250 ok")
                    elif word == "RCPT":
                        to.append(line.split("<")[1].split(">")[0])
                        self.say("250 ok")
                    elif word == "DATA":
                        self.say("354 go on")
                        text = b""
                        while (part := self.rfile.readline()) != b".\r\n":
                            text += part
                        if outer.refuses:
                            outer.refuses -= 1
                            self.say("451 try later")
                        else:
                            outer.mails.append((sender, to, text))
                            self.say("250 ok")
                    elif word == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
