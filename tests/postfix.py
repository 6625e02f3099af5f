"""A private Postfix on loopback: in front of the gateway, or behind it."""

import contextlib
import os
import pwd
import shutil
import signal
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.running import Process, free_port, greets, wait_until

MAIN_CF = """
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/lib
mail_owner = postfix
myhostname = {name}.exempelkommun.example
mydestination =
relayhost = {relayhost}
mynetworks = 127.0.0.0/8 192.0.2.0/24
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_authorized_xforward_hosts = 127.0.0.0/8
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_peername_lookup = no
smtp_tls_security_level = none
smtp_dns_support_level = disabled
smtp_host_lookup = native
alias_maps =
alias_database =
local_recipient_maps =
fast_flush_domains =
maillog_file = /dev/stdout
message_size_limit = {size}
in_flow_delay = 0
minimal_backoff_time = 2s
maximal_backoff_time = 5s
queue_run_delay = 2s
{more}
"""
MASTER_CF = """
127.0.0.1:{port} inet n - n - 20 smtpd {options}
postlog   unix-dgram n - n - 1 postlogd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
error     unix - - n - - error
retry     unix - - n - - error
scache    unix - - n - 1 scache
anvil     unix - - n - 1 anvil
showq     unix n - n - - showq
"""


@dataclass
class Postfix:
    """A private Postfix. With `proxy` it is a front server that asks that port before queueing.

    Its folder is its own: those of pytest are closed to other users, and Postfix has several.
    """

    name: str
    relay_to: int = 0
    proxy: int = 0
    size: int = 50_000_000
    more: str = ""
    port: int = field(default_factory=free_port)
    folder: Path = Path()
    process: Process | None = None

    def __enter__(self) -> "Postfix":
        self.folder = Path(tempfile.mkdtemp(prefix=f"postfix-{self.name}-"))
        self.folder.chmod(0o755)
        for name in ("etc", "lib", "spool"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "lib", pwd.getpwnam("postfix").pw_uid)
        self._configure()
        command = ["postfix", "-c", str(self.folder / "etc"), "start-fg"]
        self.process = Process(command, self.folder / "log")
        wait_until(lambda: greets(self.port), lambda: f"start of {self.name}: {self.log()}")
        return self

    def _configure(self) -> None:
        options = f"-o smtpd_proxy_filter=127.0.0.1:{self.proxy}" if self.proxy else ""
        main = MAIN_CF.format(
            dir=self.folder,
            name=self.name,
            relayhost=f"[127.0.0.1]:{self.relay_to}" if self.relay_to else "",
            size=self.size,
            more=self.more,
        )
        (self.folder / "etc/main.cf").write_text(main)
        (self.folder / "etc/master.cf").write_text(
            MASTER_CF.format(port=self.port, options=options)
        )

    def __exit__(self, *_) -> None:
        with contextlib.suppress(OSError, ValueError):  # the master ends its own children
            master = (self.folder / "spool/pid/master.pid").read_text()
            os.kill(int(master), signal.SIGTERM)
        if self.process:
            self.process.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")
