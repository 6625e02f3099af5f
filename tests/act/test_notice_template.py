"""Templates of notices: what an operator may write, and what check-config says of the rest."""

import pytest
from typer.testing import CliRunner

from mailfilter import config
from mailfilter.errors import ConfigError
from mailfilter.letters import notice_template
from mailfilter.letters.notice import About, Variant, build
from tests.act.office import NOW, dossier
from tests.act.test_notice import STAMP, text

GOOD = """Subject: Eget ämne {{ case }}

{% if link %}
=> {{ link }} Till sidan
{% endif %}
Hej från förvaltningen!

{% for line in found %}
- {{ line }}
{% endfor %}
~ {{ footer }}
"""


def settings(folder, **notice):
    notice = {"templates": str(folder), "languages": ["sv"]} | notice
    return config.validate({"notice": notice}, "test.toml")


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")


def made(chosen, department="", variant=Variant.HELD):
    about = About(variant, "K7Q2A-91ABC", NOW, dossier(), link="https://e.example/m/1/2")
    about = About(
        **{name: getattr(about, name) for name in about.__slots__} | {"department": department}
    )
    return build(about, chosen, STAMP, notice_template.load(chosen))


def test_the_operators_own_words(tmp_path):
    write(tmp_path, "sv/held.txt", GOOD)
    notice = made(settings(tmp_path))
    assert notice["Subject"] == "Eget ämne K7Q2A-91ABC"
    assert "Hej från förvaltningen!" in text(notice)
    assert "Till sidan:\nhttps://e.example/m/1/2" in text(notice).replace("\r", "")
    assert 'href="https://e.example/m/1/2"' in notice.get_body(("html",)).get_content()
    assert "Personnummer (******-****)" in text(notice)
    ours = text(made(settings(tmp_path), variant=Variant.NOT_SENT))
    assert "har hållits kvar i 14 dagar" in ours
    assert "Hej från förvaltningen!" not in ours


def test_a_department_has_words_of_its_own(tmp_path):
    write(tmp_path, "sv/held.txt", GOOD)
    write(tmp_path, "sv/Skolan/held.txt", GOOD.replace("förvaltningen", "rektorn"))
    chosen = settings(tmp_path)
    assert "Hej från rektorn!" in text(made(chosen, "Skolan"))
    assert "Hej från förvaltningen!" in text(made(chosen, "Miljö"))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("sv/held.txt", "Subject: x\n\n{{ subject }}", '"subject" could carry what stands'),
        ("sv/held.txt", "Subject: x\n\n{{ body }}", '"body" could carry what stands in the mail'),
        ("sv/held.txt", "Subject: x\n\n{{ fond }}", '"fond" is not known; there are'),
        ("sv/held.txt", "Hej!\n\n{{ case }}", 'the first line must be "Subject: ..."'),
        ("sv/held.txt", "Subject: x\n\n{% if %}", "Expected an expression"),
        ("sv/held.txt", "Subject: x\n\n{{ case.__class__.mro() }}", "cannot be filled in|unsafe"),
        ("sv/heid.txt", GOOD, '"heid" is no outcome'),
        ("de/held.txt", GOOD, '"de" is no language of notice.languages'),
        ("held.txt", GOOD, "a template lies at LANGUAGE/OUTCOME.txt"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path, name, content, sentence):
    write(tmp_path, name, content)
    with pytest.raises(ConfigError, match=sentence):
        notice_template.load(settings(tmp_path))


def test_a_missing_language_is_said(tmp_path):
    write(tmp_path, "sv/Skolan/held.txt", GOOD)
    with pytest.raises(ConfigError, match=r"Skolan/held.txt: there is none in en"):
        notice_template.load(settings(tmp_path, languages=["sv", "en"]))


def test_check_config_says_it(tmp_path):
    import typer

    from mailfilter import commands

    write(tmp_path, "notices/sv/held.txt", "Subject: x\n\n{{ file_name }}")
    file = tmp_path / "mailfilter.toml"
    file.write_text(f'[notice]\nlanguages = ["sv"]\ntemplates = "{tmp_path}/notices"\n')
    app = typer.Typer()
    commands.register(app)
    done = CliRunner().invoke(app, ["check-config", "-c", str(file)])
    assert done.exit_code == 2
    assert '"file_name" could carry what stands in the mail' in done.output


def test_every_name_is_explained_and_given():
    chosen = config.validate({}, "test.toml")
    from mailfilter.letters.notice import facts
    from mailfilter.letters.notice_words import WORDS

    about = About(Variant.HELD, "K", NOW, dossier())
    assert facts(about, chosen, STAMP, WORDS["sv"]).keys() == notice_template.NAMES.keys()
