"""Settings of recipient classes: which way each goes, and who is told by MX records."""

from pydantic import Field

from mailfilter.config.fields import Ip, Line, Port, Section

# Mail servers of services owned in the USA, by the endings of their names.
US_HOSTS = (
    "outlook.com",
    "mx.microsoft",
    "google.com",
    "googlemail.com",
    "amazonaws.com",
    "icloud.com",
    "yahoodns.net",
    "pphosted.com",
    "ppe-hosted.com",
    "iphmx.com",
    "messagelabs.com",
    "barracudanetworks.com",
    "mimecast.com",
)


class Way(Section):
    """How mail to one class of recipients goes when it may not go by plain mail."""

    connector: str = ""  # goes before secure_service, for rules that name none
    advice: dict[str, Line] = Field(default={})  # language → a sentence for the notice


class Mx(Section):
    """Recipients whose mail an American cloud service receives: class us-hosted."""

    us_hosted: bool = False
    us_hosts: tuple[str, ...] = US_HOSTS
    servers: tuple[Ip, ...] = ()  # addresses of name servers; default the machine's own
    port: Port = 53
