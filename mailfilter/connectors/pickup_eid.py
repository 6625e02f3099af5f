"""E-identification by a broker that speaks OpenID Connect: who sits there, at which level.

From → to: `start` → the broker's address, and what must come back (`Waiting`) → the visitor goes
there and returns with a code → `finish` → her name, if the level is one that the operator demands.

Authorization code flow with PKCE (S256), state and nonce. Of an ID token everything is checked that
OpenID Connect Core 3.1.3.7 asks for: signature by a key of the issuer's own set, algorithm from a
closed list of ours, `iss`, `aud` (and `azp`), `exp`, `iat`, `nonce`; and `acr`, without which
nothing is believed. Keys named or brought along by the token itself are never used (threats.md:
forged tokens by a key in the header). Discovery and keys are fetched again for each login: a few
each hour, and so never stale.

The personal number that a broker tells is not read and not kept: whose box it is, the link says.
Sources: OpenID Connect Core 1.0, Discovery 1.0, RFC 7636, RFC 7519; `joserfc` does the JOSE.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from mailfilter.config.pickup import Eid
from mailfilter.connectors.http_call import call
from mailfilter.errors import ConfigError, Permanent, Temporary

LEEWAY = 120  # seconds between the broker's clock and ours
_KEY_NAMES = frozenset({"jwk", "jku", "x5c", "x5u"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a browser must bring back."""

    address: str  # of the broker, where she goes
    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is, as the broker says; `acr` is the level of assurance."""

    name: str
    acr: str


@dataclass(frozen=True, slots=True)
class EidBroker:
    """The broker; `callback` is our own address that it sends her back to."""

    settings: Eid
    callback: str

    @property
    def on(self) -> bool:
        return bool(self.settings.issuer)

    async def start(self) -> Waiting:
        """Where to send her. Temporary where the broker does not answer."""
        about = await self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.callback,
            "scope": self.settings.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "acr_values": " ".join(self.settings.acr),
            "prompt": "login",
        }
        start = about["authorization_endpoint"]
        mark = "&" if urlsplit(start).query else "?"
        return Waiting(start + mark + urlencode(query), state, nonce, verifier)

    async def finish(self, code: str, nonce: str, verifier: str, now: datetime) -> Person:
        """Who it is; Permanent where the broker's word cannot be believed."""
        about = await self._discovered()
        token = await self._token(about["token_endpoint"], code, verifier)
        answer = await call("GET", self._own(about["jwks_uri"]))
        if not answer.fine:
            raise Temporary("the broker's keys cannot be fetched")
        try:
            keys = KeySet.import_key_set(json.loads(answer.body))
        except (ValueError, KeyError, TypeError, JoseError) as error:
            raise Temporary("the broker's keys cannot be read") from error
        return self._believed(token, keys, nonce, now)

    def _believed(self, token: str, keys: KeySet, nonce: str, now: datetime) -> Person:
        try:
            decoded = jwt.decode(token, keys, algorithms=list(self.settings.algorithms))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Permanent("eid: the token is not signed by the broker") from error
        if _KEY_NAMES & decoded.header.keys():
            raise Permanent("eid: the token brings a key along")
        claims: dict[str, Any] = decoded.claims
        at = now.timestamp()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        ours = self.settings.client_id
        expires, issued = claims.get("exp"), claims.get("iat")
        fits = (
            claims.get("iss") == self.settings.issuer
            and ours in audiences
            and (len(audiences) == 1 or claims.get("azp") == ours)
            and claims.get("azp", ours) == ours
            and isinstance(expires, int | float)
            and expires > at - LEEWAY
            and isinstance(issued, int | float)
            and issued < at + LEEWAY
            and hmac.compare_digest(str(claims.get("nonce", "")), nonce)
            and bool(nonce)
        )
        if not fits:
            raise Permanent("eid: the token is not for this visit")
        acr = claims.get("acr")
        if acr not in self.settings.acr:
            raise Permanent("eid-level")
        return Person(str(claims.get(self.settings.name_claim, ""))[:100], str(acr))

    async def _token(self, endpoint: str, code: str, verifier: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.callback,
            "client_id": self.settings.client_id,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if secret := self._secret():
            pair = f"{self.settings.client_id}:{secret}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        answer = await call("POST", self._own(endpoint), headers, urlencode(form).encode())
        if answer.status >= 500:
            raise Temporary("the broker does not answer")
        try:
            told = json.loads(answer.body)
            token = told["id_token"] if answer.fine else None
        except (ValueError, KeyError, TypeError):
            token = None
        if not isinstance(token, str):
            raise Permanent("eid: the broker did not take the code")
        return token

    async def _discovered(self) -> dict[str, str]:
        issuer = self.settings.issuer
        answer = await call("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
        try:
            about = json.loads(answer.body) if answer.fine else {}
        except ValueError:
            about = {}
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if not isinstance(about, dict) or about.get("issuer") != issuer:
            raise Temporary("the broker does not say who it is")
        if not all(isinstance(about.get(name), str) for name in names):
            raise Temporary("the broker does not say where it answers")
        return {name: self._own(about[name]) for name in names}

    def _own(self, address: str) -> str:
        """An address that a broker names must be encrypted as its own is."""
        if urlsplit(address).scheme not in ("https", urlsplit(self.settings.issuer).scheme):
            raise Temporary("the broker names an address that is not encrypted")
        return address

    def _secret(self) -> str:
        path = self.settings.client_secret_file
        if path is None:
            return ""
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"pickup.eid.client_secret_file: {path}: cannot be read") from error
