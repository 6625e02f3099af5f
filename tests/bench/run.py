"""``make bench``: this gateway beside well-known relays, by the harness in this folder.

    python tests/bench/run.py              every peer and mail: RESULTS.md, results.svg; 15 minutes
    python tests/bench/run.py --quick      the gateway beside direct alone, about a minute
    python tests/bench/run.py --mails 4k --seconds 6 --targets postfix-queue

All options of ``peers.py`` may follow; the gateway's own are filled in here. Without any, or with
``--record`` beside others, the page is written. Exit status 1 if a figure that is asked was missed,
or if a message got lost.
"""

import shlex
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import peers  # noqa: E402 (the harness is a folder of scripts)
import results  # noqa: E402

WHOLE = {
    "--targets": "postfix-queue,postfix-rspamd,amavis",
    "--mails": "4k,50k,1m,10m",
    "--kept": "4k",
    "--seconds": "6",
    "--latency-share": "0.5",
}
QUICK = {"--targets": "", "--mails": "4k,50k,1m", "--kept": "4k"}


def main(given: list[str]) -> int:
    record = not given or "--record" in given
    chosen = WHOLE if record else QUICK
    rest = [word for word in given if word not in ("--quick", "--record")]
    options = [word for pair in chosen.items() if pair[0] not in rest for word in pair]
    gateway = f"{results.OURS}={sys.executable} -m mailfilter serve -c {{config}}"
    options += ["--gateway", gateway, "--gateway-config", str(HERE / "gateway.toml")]
    with tempfile.TemporaryDirectory() as folder:
        facts = Path(folder) / "facts.json"
        status = peers.main([*options, *rest, "--json", str(facts)])
        if status == 2 or not facts.exists():
            return status
        found = results.read(facts)
    if record:
        command = shlex.join(["make", "bench", *([f"ARGS={shlex.join(given)}"] if given else [])])
        day = datetime.now(UTC).date()
        (HERE / "RESULTS.md").write_text(found.markdown(day, command), encoding="utf-8")
        (HERE / "results.svg").write_bytes(found.chart())
        print(f"\nwritten: {HERE / 'RESULTS.md'}, {HERE / 'results.svg'}")
    for each in found.missed():
        print(f"missed: {each}", file=sys.stderr)
    return 1 if status or found.missed() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
