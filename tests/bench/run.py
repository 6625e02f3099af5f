"""``make bench``: this gateway beside well-known relays, by the harness in this folder.

    python tests/bench/run.py                       the gateway alone beside direct, about a minute
    python tests/bench/run.py --targets postfix-queue,postfix-rspamd,amavis --seconds 6

All options of ``peers.py`` may follow; the gateway's own are filled in here.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import peers  # noqa: E402 (the harness is a folder of scripts)


def main() -> int:
    gateway = f"mailfilter={sys.executable} -m mailfilter serve -c {{config}}"
    given = sys.argv[1:]
    options = ["--gateway", gateway, "--gateway-config", str(HERE / "gateway.toml")]
    if "--targets" not in given:
        options += ["--targets", ""]
    if "--mails" not in given:
        options += ["--mails", "4k,50k,1m"]
    return peers.main([*options, *given])


if __name__ == "__main__":
    sys.exit(main())
