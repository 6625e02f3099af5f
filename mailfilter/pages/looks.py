"""How templates are read: escaped, strict, with the filters and the static files of all our pages.

`frame.html` is the frame of the reviewers' pages and of those that the world reaches (``front/``),
which bring a folder of their own.
"""

from datetime import datetime
from importlib.resources import files

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from mailfilter.pages import dates
from mailfilter.pages.static_files import StaticFiles


def environment(organisation: str, statics: StaticFiles, *packages: str) -> Environment:
    """The templates of `packages`, and behind them ours."""
    folders = [str(files(package) / "templates") for package in (*packages, "mailfilter.web")]
    made = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "instant": datetime.fromisoformat,
        "moment": dates.moment,
        "machine": dates.machine,
        "distance": dates.distance,
        "size": dates.size,
        "soft": _soft,
    }
    made.globals |= {"static": statics.address, "organisation": organisation}
    return made


def _soft(address: str) -> Markup:
    """An address that may be broken in front of its @ where the window is narrow."""
    return Markup("<wbr>@").join(escape(part) for part in address.split("@"))
