"""A private Postfix on loopback: in front of the gateway, or behind it."""

import contextlib
import pwd
import shutil
import subprocess
import textwrap
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
mynetworks = 127.0.0.0/8
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
    """A private Postfix. With `proxy` it is a front server that asks that port before queueing."""

    folder: Path
    name: str
    relay_to: int = 0
    proxy: int = 0
    size: int = 50_000_000
    more: str = ""
    port: int = field(default_factory=free_port)
    process: Process | None = None

    @property
    def etc(self) -> Path:
        return self.folder / self.name / "etc"

    def __enter__(self) -> "Postfix":
        base = self.folder / self.name
        lib = base / "lib"
        for path in (self.etc, lib, base / "spool"):
            path.mkdir(parents=True)
        shutil.chown(lib, pwd.getpwnam("postfix").pw_uid)
        for path in (base, *base.parents[:-2]):  # its own user must come through to its folders
            path.chmod(path.stat().st_mode | 0o055)
        options = f"-o smtpd_proxy_filter=127.0.0.1:{self.proxy}" if self.proxy else ""
        main = MAIN_CF.format(
            dir=base,
            name=self.name,
            relayhost=f"[127.0.0.1]:{self.relay_to}" if self.relay_to else "",
            size=self.size,
            more=self.more,
        )
        (self.etc / "main.cf").write_text(main)
        master = textwrap.dedent(MASTER_CF).format(port=self.port, options=options)
        (self.etc / "master.cf").write_text(master)
        self.process = Process(["postfix", "-c", str(self.etc), "start-fg"], base / "log")
        wait_until(lambda: greets(self.port), lambda: f"start of {self.name}: {self.log()}")
        return self

    def __exit__(self, *_) -> None:
        if self.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                stop = ["postfix", "-c", str(self.etc), "stop"]
                subprocess.run(stop, check=False, capture_output=True, timeout=30)
            self.process.end()

    def log(self) -> str:
        return (self.folder / self.name / "log").read_text("utf-8", "replace")
