"""What is searched for comes from the configuration: at the start, at a reload, in commands."""

from datetime import date
from pathlib import Path

from mailfilter import config
from mailfilter.app.examining import Examiner
from mailfilter.commands.scan import fresh_job
from mailfilter.examine import Job, searching
from mailfilter.workers.pool import Pool

MAIL = (
    b"From: a@kommun.example\r\nTo: b@hem.example\r\nX-Dept: Skolan\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    b"Se https://kommunen.sharepoint.com/:w:/s/x/Ab1\r\n"
)
TODAY = date(2026, 11, 28)


def settings(*hosts: str, header: str = "") -> config.Settings:
    table = {"organisation": {"cloud_hosts": list(hosts)}, "department_header": header}
    return config.validate(table, "test.toml")


async def test_a_reload_changes_what_an_smtp_process_looks_for():
    examiner = Examiner(Pool(Path("nowhere")), settings())  # small mail needs no worker
    before = await examiner(MAIL, TODAY)
    assert (before.not_examined, before.facts.marks) == ((), ())
    examiner.look_for(settings("Kommunen.sharepoint.com", header="X-Dept"))
    after = await examiner(MAIL, TODAY)
    assert [part.cls for part in after.not_examined] == ["cloud-attachment"]
    assert after.facts.marks == (("x-dept", "Skolan"),)
    examiner.look_for(settings())
    assert await examiner(MAIL, TODAY) == before


def test_it_crosses_to_the_workers_and_is_what_commands_ask_for():
    chosen = settings("kommunen.sharepoint.com", "*.filer.kommun.example", header="X-Dept")
    job = searching(Job(b"k" * 32, TODAY), chosen)
    assert Job.from_json(job.to_json()) == job
    asked = fresh_job(chosen)
    assert (asked.cloud_hosts, asked.marks) == (job.cloud_hosts, job.marks)
    assert job.cloud_hosts == ("kommunen.sharepoint.com", "*.filer.kommun.example")
