"""A broker of e-identification, as the standard has it: discovery, keys, a login, a token.

    with Broker() as broker: ... broker.issuer

Whoever comes is logged in at once and sent back. `claims` and `header` are put over those of the
next token, `signed_by` signs it, and `answers` replaces what an address says: so that a test can
lie in every way.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

LOA3 = "http://id.elegnamnden.se/loa/1.0/loa3"


@dataclass
class Broker:
    client: str = "mailfilter"
    acr: str = LOA3
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    signed_by: Any = None
    algorithm: str = "RS256"
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: dict[str, dict[str, str]] = field(default_factory=dict)  # by code
    spent: set[str] = field(default_factory=set)

    def __enter__(self) -> "Broker":
        broker = self
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                broker.get(self)

            def do_POST(self):
                broker.post(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}/idp"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    def get(self, request) -> None:
        parts = urlsplit(request.path)
        if parts.path in self.answers:
            self.say(request, *self.answers[parts.path])
        elif parts.path == "/idp/.well-known/openid-configuration":
            self.say(request, 200, self.about())
        elif parts.path == "/idp/keys":
            self.say(request, 200, json.dumps({"keys": [self.key.as_dict(private=False)]}).encode())
        elif parts.path == "/idp/login":
            self.login(request, {k: v[0] for k, v in parse_qs(parts.query).items()})
        else:
            self.say(request, 404, b"")

    def about(self) -> bytes:
        return json.dumps(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/login",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        ).encode()

    def login(self, request, query: dict[str, str]) -> None:
        code = secrets.token_urlsafe(16)
        self.asked[code] = query
        back = query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]})
        request.send_response(302)
        request.send_header("location", back)
        request.send_header("content-length", "0")
        request.end_headers()

    def post(self, request) -> None:
        data = request.rfile.read(int(request.headers["content-length"]))
        form = {k: v[0] for k, v in parse_qs(data.decode()).items()}
        asked = self.asked.get(form.get("code", ""))
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        if asked is None or form["code"] in self.spent or asked["code_challenge"] != proof:
            self.say(request, 400, b'{"error": "invalid_grant"}')
            return
        self.spent.add(form["code"])
        token = {
            "id_token": self.token(asked["nonce"]),
            "access_token": "x",
            "token_type": "Bearer",
        }
        self.say(request, 200, json.dumps(token).encode())

    def token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.client,
            "sub": "s",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "acr": self.acr,
            "name": "Anna Ek",
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.algorithm, "kid": "one"} | self.header
        return jwt.encode(header, claims, self.signed_by or self.key, algorithms=[self.algorithm])

    def say(self, request, status: int, body: bytes) -> None:
        request.send_response(status)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
