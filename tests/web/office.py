"""A site over a fake archive, and visitors who call it without a network."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Message

from mailfilter.config import Connector, Organisation, Settings, Web
from mailfilter.record.contract import User
from mailfilter.web import build, health
from tests.web.fake_archive import FakeArchive
from tests.web.mails import NOW

PASSWORD = "fyra hästar på rad"
REVIEWER = User("rut", "reviewer", ("Socialförvaltningen", "Skolförvaltningen"))
EVERYTHING = User("alla", "reviewer", None)
AUDITOR = User("rolf", "auditor", None)
ADMIN = User("adam", "admin", None)
TEXT = (
    ("mejltexten", "Hej! Det gäller 19121212-1212 och <b>inget</b> annat."),
    ("bilaga 2 (xlsx), blad 7B", "Namn\tPersonnr\nTolvan\t121212 1212"),
)


@dataclass
class Office:
    """The site with all that a test may want to look at or change."""

    archive: FakeArchive = field(default_factory=FakeArchive)
    now: datetime = NOW
    settings: Settings = field(
        default_factory=lambda: Settings(
            web=Web(url="https://granskning.kommunen.example"),
            organisation=Organisation(name="Exempelkommunen", domains=("kommunen.example",)),
            connectors={"saker": Connector(title="Säkra meddelanden", host="127.0.0.1")},
        )
    )
    checks: dict[str, bool] = field(default_factory=lambda: {"store": True, "worker": True})
    texts: Sequence[tuple[str, str]] = TEXT
    woken: int = 0
    read: list[bytes] = field(default_factory=list)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    made: int = 0

    def __post_init__(self) -> None:
        for user in (REVIEWER, EVERYTHING, AUDITOR, ADMIN):
            self.archive.add_account(user, PASSWORD)

    def app(self) -> ASGIApp:
        return build(
            self.archive,
            self.settings,
            clock=lambda: self.now,
            read_text=self.read_text,
            report=self.report,
            wake=self.wake,
            random=self.random,
        )

    def machines(self) -> ASGIApp:
        return health.build(self.health, self.registry)

    async def read_text(self, body: bytes) -> Sequence[tuple[str, str]]:
        self.read.append(body)
        return self.texts

    async def report(self, week: str, language: str) -> str:
        return REPORT.format(week=week)

    async def health(self) -> Mapping[str, bool]:
        return self.checks

    def wake(self) -> None:
        self.woken += 1

    def random(self) -> str:
        self.made += 1
        return f"random-{self.made}"


REPORT = """<svg xmlns="http://www.w3.org/2000/svg"><style>a {{}}</style></svg>
<h2>Vecka {week}</h2>
<table><thead><tr><th scope="col">Förvaltning</th><th scope="col">Hållna</th></tr></thead>
<tbody><tr><th scope="row">Skolförvaltningen</th><td>&lt;5</td></tr></tbody></table>"""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str

    @property
    def form_token(self) -> str:
        return re.search(r'name="form_token" value="([0-9a-f]{64})"', self.text)[1]


@dataclass
class Visitor:
    """A browser without a screen: keeps cookies, sends forms with the token of the last page."""

    app: ASGIApp
    host: str = "localhost:8025"
    peer: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    async def get(
        self, path: str, headers: Mapping[str, str] | None = None, method="GET"
    ) -> Answer:
        answer = await self._call(method, path, b"", headers or {})
        if "form_token" in answer.text:
            self.token = answer.form_token
        return answer

    async def post(
        self, path: str, headers: Mapping[str, str] | None = None, token: str | None = None, **form
    ) -> Answer:
        if not self.token:
            await self.get("/login")
        fields = {"form_token": self.token if token is None else token} | form
        kind = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode(fields).encode()
        return await self._call("POST", path, body, kind | dict(headers or {}))

    async def login(self, user: User) -> "Visitor":
        await self.get("/login")
        answer = await self.post("/login", name=user.name, password=PASSWORD)
        assert answer.status == 303, answer.text
        await self.get("/account")
        return self

    async def _call(self, method: str, path: str, body: bytes, more: Mapping[str, str]) -> Answer:
        parts = urlsplit(path)
        headers = {"host": self.host} | {name.lower(): value for name, value in more.items()}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{n}={v}" for n, v in self.cookies.items())
        if body:
            headers["content-length"] = str(len(body))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(n.encode(), v.encode()) for n, v in headers.items()],
            "client": (self.peer, 40000),
            "server": ("127.0.0.1", 8025),
        }
        sent: list[Message] = []
        pending = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return pending.pop() if pending else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        try:
            await self.app(scope, receive, send)
        except RuntimeError:  # what a page raised goes on up after its answer was sent
            if not sent:
                raise
        return self._answer(sent)

    def _answer(self, sent: list[Message]) -> Answer:
        pairs = [(n.decode(), v.decode()) for n, v in sent[0]["headers"]]
        cookies = [value for name, value in pairs if name == "set-cookie"]
        for cookie in cookies:
            for name, morsel in SimpleCookie(cookie).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], dict(pairs), cookies, body.decode("utf-8", "replace"))
