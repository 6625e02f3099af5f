"""A letter on paper with the recipient's link, as a QR code and in plain letters.

For a recipient who cannot open what she was mailed. The sender chose "letter" and asks for it by
the secret of her own link: a new link is made, which stands on this page and nowhere else; the old
one ends. Nothing is mailed, and what is shown once cannot be shown again, only made anew.

The address of the page is the same for all, and her secret goes along in the form: browsers print
the address of a page at the foot of the paper.
"""

from datetime import datetime
from io import BytesIO

from markupsafe import Markup
from starlette.responses import Response

from mailfilter.front.door import Page
from mailfilter.front.site import Visit, form_token
from mailfilter.rpc.contract import Refused

ADDRESS = "/brev"
ACT = "letter"


def token(visit: Visit) -> str:
    """Of the form that leads here, from a page whose address has parts that ours has not."""
    return form_token(visit.site.key, {}, ACT)


async def show(visit: Visit) -> Response:
    """The letter."""
    form = visit.form
    owner, secret = form.get("id", ""), form.get("secret", "")
    made = await visit.ask("pickup-letter", id=owner, secret=secret, box=form.get("box", ""))
    paper = visit.site.words.get(form.get("paper", ""), visit.words)
    told = made.fields
    return visit.render(
        "pickup_letter.html",
        told=told,
        day=datetime.fromisoformat(told["day"]),
        p=paper,
        qr=qr(told["link"]),
        lines=tuple(_lines(told["link"])),
        follow=f"/f/{owner}/{secret}",
        switchboard=visit.site.settings.pickup.switchboard,
        eid=visit.site.settings.pickup.eid.title,
    )


async def gone(_: Visit) -> Response:
    """She came back to it: a letter is shown once."""
    raise Refused("letter", 404)


def qr(address: str) -> Markup:
    """The code as SVG in the page itself: black on white in every scheme of colours."""
    import segno  # only who makes a letter needs it

    out = BytesIO()
    code = segno.make_qr(address, error="m", boost_error=False)
    code.save(
        out, kind="svg", xmldecl=False, svgns=False, nl=False, omitsize=True, border=4,
        light="#fff", svgclass=None, lineclass=None,
    )  # fmt: skip
    return Markup(out.getvalue().decode())  # noqa: S704 - a library's own drawing, no text in it


def _lines(address: str, length: int = 24) -> list[str]:
    """A long address in pieces that somebody can copy from paper by hand."""
    return [address[start : start + length] for start in range(0, len(address), length)]


PAGES = (
    Page("GET", ADDRESS, gone),
    Page("POST", ADDRESS, show, ACT),
)
