"""The health detector: reach of a person, roles of text, parts of a message, disguise, bounds."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import health
from detectors.contract import Match, Role, Source
from detectors.health import (
    concepts,
    cues,
    features,
    genre,
    message,
    model,
    passages,
    people,
    score,
    terms,
    units,
)
from detectors.health.plain import plain
from detectors.levels import LEVELS

MEDIUM = LEVELS.health.medium
TODAY = date(2026, 1, 15)


def find(*sources: Source | str) -> list[Match]:
    given = [source if isinstance(source, Source) else Source(source) for source in sources]
    return list(health.find(given, TODAY))


def top(*sources: Source | str) -> int:
    return max((match.confidence for match in find(*sources)), default=0)


def hit(*sources: Source | str) -> bool:
    return top(*sources) >= MEDIUM


# --- person x health


@pytest.mark.parametrize(
    "text",
    [
        "diabetes",
        "Depression, ångest och sömnproblem.",
        "Hej Karin!\nSe bifogad fil om epilepsi.\nMvh\nOve",
    ],
)
def test_a_lone_expression_is_at_most_low(text: str) -> None:
    assert 0 < top(text) < MEDIUM


@pytest.mark.parametrize("text", ["Tilde Ask kommer på tisdag.", "Min son heter Arvid.", ""])
def test_a_lone_person_is_nothing(text: str) -> None:
    assert find(text) == []


def test_the_same_sentence_counts_more_than_another_paragraph() -> None:
    near = top("Tilde Ask har epilepsi.")
    far = top(
        "Tilde Ask börjar på måndag.\n\n" + "Vi ses i sal 2 klockan nio.\n\n" * 3 + "Epilepsi."
    )
    assert near >= MEDIUM > far


def test_a_row_of_a_table_does_not_lend_its_person_to_the_next() -> None:
    rows = "Namn\tBelopp\tText\n" + "Tilde Ask\t40\tsaft\n" + "\t60\tläkare\n"
    assert not hit(rows)
    assert hit("Namn\tOrsak\nTilde Ask\tepilepsi\n")


def test_a_row_with_an_identity_number_needs_no_name() -> None:
    assert hit("pnr;insats\n19790825-2385;missbruk\n")


def test_names_in_greeting_and_sign_off_are_not_the_subject() -> None:
    assert not hit("Hej Tilde,\n\nFrågan om diabetes tas upp i gruppen.\n\nHälsningar\nArvid Ask")


def test_a_document_with_a_named_subject_counts_as_a_whole() -> None:
    assert hit("JOURNAL\nPatient: Tilde Ask\n\nAnamnes\n\nSedan i våras hosta och feber.")


def test_a_staff_title_is_not_a_patient() -> None:
    assert not hit("Kurator Tilde Ask informerar om depression.")


@pytest.mark.parametrize("text", ["Jag har diabetes.", "Min migrän är tillbaka.", "Vabbar idag."])
def test_the_sender_herself(text: str) -> None:
    assert hit(text)


def test_i_without_being_ill() -> None:
    assert not hit("Jag undrar hur vi ska registrera sjukskrivning i systemet.")


# --- kinds of text


def test_general_texts_lower_the_confidence() -> None:
    plain_text = "Tilde Ask berättade att hon har epilepsi."
    assert top("Inbjudan till kurs, anmälan senast fredag. " + plain_text) < top(plain_text)
    assert genre.general("inbjudan till kurs, anmälan senast fredag") > 2
    assert genre.general("en mandel till kaffet") == 0


def test_general_sentences() -> None:
    assert genre.generic("den som har astma")
    assert not genre.generic("hon har astma")


# --- roles


def test_a_signature_weighs_less_and_a_header_nothing() -> None:
    text = "Tilde Ask\nPsykosmottagningen, missbruk och beroende"
    assert not hit(Source(text, [(0, Role.SIGNATURE)]))
    assert find(Source("Tilde Ask depression", [(0, Role.HEADER)])) == [] or not hit(
        Source("Tilde Ask depression", [(0, Role.HEADER)])
    )


def test_quoted_history_keeps_its_confidence() -> None:
    text = "Min son har epilepsi."
    assert top(Source(text, [(0, Role.QUOTE)])) == top(text)


def test_a_file_name_is_read_with_its_underscores() -> None:
    assert hit(Source("lakarutlatande_Tilde_Ask_depression.pdf", [(0, Role.NAME)]))


# --- parts of a message


def test_person_in_the_body_illness_in_the_attachment() -> None:
    body = Source("Hej! Här kommer underlaget för Tilde Ask, 19790825-2385.")
    sheet = Source("Bipolär sjukdom, sjukskriven till juni. Litium.", [(0, Role.ATTACHMENT)])
    assert not hit(sheet)
    found = [match for match in find(body, sheet) if match.confidence >= MEDIUM]
    assert {match.source for match in found} == {1}
    assert "person-in-other-part" in found[0].evidence


# --- what a match says


def test_a_subject_says_what_is_the_matter_with_the_one_in_the_body() -> None:
    subject = Source("Insulinpump", [(0, Role.SUBJECT)])
    assert hit(subject, "Pumpen till Hugo larmade i går på fritids.")
    assert not hit(Source("Insulinpump"), "Pumpen till Hugo larmade i går på fritids.")
    assert not hit(subject, "Kurs för all personal. Hugo bokar lokalen, anmälan senast fredag.")


def test_news_count_less_in_a_letter() -> None:
    news = "Vår målvakt Emil Alm har hjärnskakning och missar finalen."
    assert genre.general(news) > genre.general(news, letter=True) > 0
    assert hit(f"Hej Per!\n{news}\nMvh\nOve")
    assert not hit(f"{news} Tidningen skriver om säsongens segrar i landskamp och mästerskap.")


def test_sentences_of_one_note_hang_together() -> None:
    note = "Kan inte gräva i år. Diskbråck."
    assert hit(note)
    assert not hit(note + " Ny rad." * 100)


def test_masks_are_classes_and_never_the_word() -> None:
    text = "Tilde Ask har epilepsi, äter sertralin och har hemtjänst."
    for match in find(text):
        assert match.mask == match.value
        assert match.mask not in ("epilepsi", "sertralin", "hemtjänst")
    assert {m.kind for m in find(text)} == {"health", "social-care"}
    assert {m.value for m in find(text)} == {"diagnos", "läkemedel", "omsorg"}


def test_offsets_point_into_the_original_text() -> None:
    text = "Ti\u00adlde Ask har epi\u00adlepsi."
    (match,) = find(text)
    assert text[match.start : match.end].replace("\u00ad", "") == "epilepsi"


@pytest.mark.parametrize("text", ["Tilde Ask har a\u030angest.", "Tilde Ask har еpilерsi."])
def test_decomposed_and_look_alike_letters(text: str) -> None:
    assert hit(text)


def test_evidence_is_from_the_closed_list() -> None:
    texts = ["Tilde har c*ncer", "Jag är sjuk idag", "F32.1 Tilde Ask", "den som har feber, Ove"]
    for text in texts:
        for match in find(text):
            assert {code.partition(":")[0] for code in match.evidence} <= set(health.EVIDENCE)


# --- disguise


@pytest.mark.parametrize(
    "written", ["d.e.p.r.e.s.s.i.o.n", "d e p r e s s i o n", "d-e-p-r-e-s-s-i-o-n", "depr3ss1on"]
)
def test_disguised_words(written: str) -> None:
    found = [
        match for match in find(f"Tilde har fått {written} igen.") if match.confidence >= MEDIUM
    ]
    assert found
    assert "disguised" in found[0].evidence


@pytest.mark.parametrize("text", ["t.ex. bl.a. m.m.", "A B C D E F", "w w w . a b c", "2 * 3 * 4"])
def test_spelt_out_letters_are_no_disguise(text: str) -> None:
    assert find(text) == []


# --- the lexicon


def test_inflection_compounds_and_false_friends() -> None:
    found = terms.Lexicon()
    words = {
        "bröstcancern": True,
        "depressionerna": True,
        "vattenskadan": False,
        "skolan": False,
        "KOL": True,
        "jordnötsallergi": True,
        "budgeten blöder": False,
    }
    for word, expected in words.items():
        assert bool(found.hits(plain(f"x {word} y"))) is expected, word


def test_every_list_names_source_date_and_licence() -> None:
    for path in terms.DATA.glob("*.txt"):
        head = path.read_text(encoding="utf-8")[:700]
        for field in ("# Source:", "# Date:", "Licence:", "# Rebuilt:"):
            assert field in head, path.name


# --- bounds


@pytest.mark.parametrize("pattern", ["kol ", "Feber. ", "jag har ont ", "Ask\tfeber\n", "c*", "\n"])
def test_units_and_hits_grow_linearly(pattern: str) -> None:
    """Counted in steps: twice the text gives at most about twice the hits and the units."""
    lexicon = terms.Lexicon()

    def steps(size: int) -> int:
        text = plain((pattern * size)[:size])
        hits = lexicon.hits(text)
        found = list(units.units_at(text.text, text.cased, [hit.start for hit in hits]))
        length = sum(unit.paragraph[1] - unit.paragraph[0] for unit in found[units.FINE :])
        return len(hits) + len(found) + length

    assert steps(40_000) <= 2.5 * steps(20_000) + 5000


def test_matches_are_bounded() -> None:
    assert len(find("Tilde Ask har epilepsi. " * 5000)) < 1000
    assert len(find("epilepsi. " * 5000)) <= 20


def test_no_paragraph_or_unit_is_longer_than_its_limit() -> None:
    text = plain("ont i magen " * 3000)
    at = [hit.start for hit in terms.Lexicon().hits(text)]
    for unit in units.units_at(text.text, text.cased, at):
        assert unit.end - unit.start <= units.PARAGRAPH_LIMIT
        assert unit.paragraph[1] - unit.paragraph[0] <= units.PARAGRAPH_LIMIT


PIECES = st.sampled_from(
    [
        *(
            "Tilde Ask",
            "epilepsi",
            "hon",
            ". ",
            "\n",
            "\n\n",
            "\t",
            ";",
            "19790825-2385",
            "jag",
            "har",
        ),
        *(
            "c*ncer",
            "d.e.p.r.",
            "İ",
            "ß",
            "\u0301",
            "\u200b",
            "Hej ",
            "/",
            "Mvh\n",
            "F32.1",
            "KOL ",
        ),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=40), st.sampled_from(list(Role)))
def test_never_raises_and_offsets_hold(pieces: list[str], role: Role) -> None:
    text = "".join(pieces)
    for match in find(Source(text, [(0, role)]), Source("Tilde Ask har feber")):
        assert 0 <= match.start < match.end
        assert match.kind in health.KINDS
        if match.source == 0:
            assert match.end <= len(text)


def test_cues_of_a_table_and_of_running_text() -> None:
    text = plain("Eleven Tilde Ask och hennes mamma bor i lägenhet 4.")
    words = people.tokens(text, 0, len(text.text))
    kinds = [
        cue.kind for cue in cues.cues_in(text, words, (0, len(text.text)), units.frame(text.cased))
    ]
    assert people.Kind.ROLE in kinds
    assert people.Kind.FULL_NAME in kinds
    assert people.Kind.RELATIVE in kinds


def test_names_of_senders_authors_and_signatures_are_not_the_subject() -> None:
    body = "Bifogat material om epilepsi, diabetes och astma."
    assert not hit(Source("Tilde Ask", [(0, Role.HEADER)]), body)
    assert not hit(Source("Tilde Ask", [(0, Role.PROPERTY)]), body)
    signed = body + "\n\nTilde Ask"
    assert not hit(Source(signed, [(0, Role.BODY), (len(body), Role.SIGNATURE)]))


# --- who is spoken of, when nobody is named in full


@pytest.mark.parametrize(
    "text",
    [
        "Vår son Nahomir har feber.",
        "Jag träffade Zebulor, han mår dåligt och äter inte.",
        "Xelina i 3B har diabetes.",
        "En av våra elever i 7B har fått epilepsi.",
        "Hej Mette, Tilde har fått en propp.",
        "Lill-Karin har diabetes.",
        "Ekonomiskt bistånd, Tadelor G.: medel mot magsår.",
    ],
)
def test_persons_by_what_is_told_of_them(text: str) -> None:
    assert hit(text)


@pytest.mark.parametrize(
    "text",
    [
        "Vi behöver satsa på psykisk ohälsa, säger kommunalrådet Tilde Ask.",
        "Kontakta Tilde vid misstanke om epilepsi.",
        "Har ni frågor om epilepsi?",
        "Frågan om epilepsi tas upp på fredag. Mvh Tilde Ask",
        "Frågan om epilepsi tas upp på fredag. /Tilde",
    ],
)
def test_speakers_contacts_and_closings_are_no_subjects(text: str) -> None:
    assert not hit(text)


@pytest.mark.parametrize(
    "text",
    ["Fick en hjärtinfarkt i går.", "Jag jobbar hemma nu, har fått artros i tummarna."],
)
def test_a_sentence_may_leave_out_its_subject(text: str) -> None:
    assert hit(text)


# --- spelling and numbers


@pytest.mark.parametrize("word", ["lunginflamation", "hjärtinfrakt", "penecillin", "epelepsi"])
def test_one_wrong_letter_in_a_long_word(word: str) -> None:
    assert hit(f"Tilde Ask har fått {word} igen.")


@pytest.mark.parametrize("word", ["kränkningar", "fakturerar", "bostäder", "landningen"])
def test_ordinary_words_that_look_like_terms(word: str) -> None:
    assert find(f"Tilde Ask skrev om {word} i går.") == []


def test_a_temperature_needs_company() -> None:
    assert hit("Tilde blev hämtad, hon hade 39,2.")
    assert find("Tilde arbetar 37,5 timmar och priset är 38,5.") == []


def test_terms_are_words() -> None:
    lexicon = terms.Lexicon()
    assert all(sum(map(str.isalnum, term.text)) > 1 for term in lexicon.words())


# --- passages and the model


@pytest.mark.parametrize(
    "text",
    [
        "Han orkar inte gå till skolan sen i höstas, ligger mest i sängen.",
        "Hon har slutat äta och gråter varje kväll, säger hennes pappa.",
    ],
)
def test_several_signs_tell_what_no_word_does(text: str) -> None:
    assert hit(text)
    assert {"implied", "story"} & {code for match in find(text) for code in match.evidence}


@pytest.mark.parametrize(
    "text",
    [
        "Min katt Sune har diabetes och ska till veterinären, matte kör.",
        "I pjäsen spelar Tilde Ask en prins som blir blind. Repetition torsdag på scenen.",
    ],
)
def test_animals_and_plays_are_told_from_people(text: str) -> None:
    assert not hit(text)


def test_a_passage_about_nobody_is_not_lifted_by_its_words() -> None:
    assert not hit("Bipolär sjukdom, sjukskriven till juni. Litium.")


def test_a_certain_person_is_not_lowered() -> None:
    assert hit("JOURNAL\nPatient: Tilde Ask\n\nAnamnes\n\nHosta. Inbjudan, kurs, anmälan, agenda.")


def test_concepts_fit_words_beginnings_and_gaps() -> None:
    listed = concepts.words("han orkar faktiskt inte, och medicinerna hjälper")
    assert {"third", "unable", "treatment"} <= concepts.concepts(listed)
    assert concepts.concepts(["orkar"]) == set()
    assert concepts.concepts(["orkar", "ens", "faktiskt", "verkligen", "inte"]) == set()


def test_weights_that_were_changed_are_refused(tmp_path, monkeypatch) -> None:
    damaged = tmp_path / "model.txt"
    damaged.write_text(model.FILE.read_text("utf-8") + "w:nytt\t9.0\n", "utf-8")
    monkeypatch.setattr(model, "FILE", damaged)
    model.load.cache_clear()
    with pytest.raises(ValueError, match="damaged"):
        model.load()
    model.load.cache_clear()


def test_every_code_of_the_model_has_words() -> None:
    codes = {code for pair in model.CODES.values() for code in pair} | {"implied"}
    assert {code.partition(":")[0] for code in codes} <= set(health.EVIDENCE)


def test_passages_cover_what_is_judged_and_are_bounded() -> None:
    text = plain("Tilde Ask har feber.\n\n" * 400)
    units_found = units.units_at(text.text, text.cased, list(range(14, len(text.text), 22)))
    judged = [score.Judgement(unit, (), 50, ()) for unit in units_found]
    found = list(passages.passages(text.text, judged))
    assert sum(len(passage.judged) for passage in found) == len(judged)
    assert max(passage.end - passage.start for passage in found) <= passages.LIMIT + 1


# --- what the model sees


def seen(text: str) -> dict[str, float]:
    """The features of a short text."""
    part = health.parts_of([Source(text, ((0, Role.BODY),))])[0]
    whole = passages.Passage(0, len(text), tuple(message.by_rules(part)))
    return features.features(part.reading, whole, part.subject)


def test_a_name_that_is_only_greeted_is_a_bystander() -> None:
    greeted = seen("Hej Karin! Vi talar om feber och hosta på mötet.")
    assert "q:bystander" in greeted
    assert "q:name" not in greeted
    assert "q:name" in seen("Vi skickade hem Karin med feber och hosta.")


def test_prose_is_told_from_a_note() -> None:
    assert "f:prose" in seen("Astma ger hosta. Sjukdomen beskrevs redan under antiken.")
    assert "f:prose" not in seen("Hej, hon har astma och hosta idag. Mvh Bo")
