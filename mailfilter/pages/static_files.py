"""Our own style sheet, script and logo, from memory; nothing else can be asked for by name."""

import hashlib
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

TYPES = {
    "style.css": "text/css; charset=utf-8",
    "lists.js": "text/javascript; charset=utf-8",
    "logo.svg": "image/svg+xml",
}
LIFE = "public, max-age=31536000, immutable"  # the address changes with the content


class StaticFiles:
    """Reads the files once."""

    def __init__(self) -> None:
        folder = files(__package__) / "static"
        self._files = {name: (folder / name).read_bytes() for name in TYPES}

    def address(self, name: str) -> str:
        """Where a page finds a file: its name and a mark of its content."""
        return f"/static/{name}?{hashlib.sha256(self._files[name]).hexdigest()[:12]}"

    def route(self) -> Route:
        """The route of all files."""
        return Route("/static/{name}", self._answer, methods=["GET"])

    async def _answer(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._files:
            raise HTTPException(404, "page")
        return Response(self._files[name], media_type=TYPES[name], headers={"cache-control": LIFE})
