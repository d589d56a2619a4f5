"""Dockets, orders and other numbers, in all the ways that people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.match.identifiers import Identifier, IdentifierKind, identifiers

K = IdentifierKind


def found(text: str) -> list[tuple[IdentifierKind, str]]:
    return [(one.kind, one.value) for one in identifiers(text)]


def values(text: str, kind: IdentifierKind) -> list[str]:
    return [one.value for one in identifiers(text) if one.kind is kind]


@pytest.mark.parametrize(
    "written",
    [
        "No. 1:25-cv-00190 (D.D.C.)",
        "1:25-cv-00190-JMC",
        "1-25-cv-00190",
        "25-cv-190",
        "25-CV-0190",
        "No. 25-cv-190",
        "Case No. 1:25-cv-00190-JMC-ABC",
        "1:25–cv–00190",
        "2025-cv-190",
        "Civil Action No. 25-190 (JMC)",
        "Civ. No. 25-0190",
        "CV 25-190",
    ],
)
def test_every_form_of_a_docket_number_gives_one_value(written: str) -> None:
    assert found(f"In {written}, the court ruled.") == [(K.DOCKET, "25-cv-190")]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("19-cv-2117 & 19-cv-2530", ["19-cv-2117", "19-cv-2530"]),
        ("Case No. 4:20-cv-05883", ["20-cv-5883"]),
        ("docket 25-cv-10135 and 3:24-cr-00012", ["25-cv-10135", "24-cr-12"]),
    ],
)
def test_several_dockets_are_read(text: str, want: list[str]) -> None:
    assert values(text, K.DOCKET) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("9th Cir. 19-15716", ["19-15716"]),
        ("No. 20-1843 (3rd Cir., May 5, 2021)", ["20-1843"]),
        ("Nos. 19-15716, 19-15717 and 19-16000", ["19-15716", "19-15717", "19-16000"]),
        ("No. 19A230", ["19A230"]),
        ("No. 18-587 in the Supreme Court", ["18-587"]),
        ("the 19-15716 widgets", []),
        ("season 24-25", []),
    ],
)
def test_appeal_numbers_need_a_word_that_says_so(text: str, want: list[str]) -> None:
    assert values(text, K.APPEAL) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("25-cv-190 (D.D.C. Mar. 22, 2025)", "ddc"),
        ("19-cv-04073 (N.D. Cal.)", "ndcal"),
        ("No. 20-1843 (3rd Cir., May 5, 2021)", "3rdcir"),
        ("9th Cir. 19-15716", "9thcir"),
        ("25-cv-190 (see below)", ""),
        ("25-cv-190", ""),
    ],
)
def test_the_court_is_kept_where_it_is_stated(text: str, want: str) -> None:
    assert identifiers(text)[0].court == want


def test_one_number_in_two_courts_is_two_cases() -> None:
    (here,), (there,), (somewhere,) = map(identifiers, ("25-cv-190 (D.D.C.)", "25-cv-190 (D. Md.)", "25-cv-190"))

    assert not here.same(there)
    assert here.same(somewhere)
    assert there.same(somewhere)


@pytest.mark.parametrize(
    "text", ["EO 14159", "E.O. 14159", "Executive Order 14159", "executive order No. 14159", "Executive\nOrder 14159"]
)
def test_executive_orders_are_read_in_every_form(text: str) -> None:
    assert found(text) == [(K.ORDER, "14159")]


def test_a_list_of_orders_is_read() -> None:
    assert values("Executive Orders 13767, 13768 and 13769", K.ORDER) == ["13767", "13768", "13769"]


@pytest.mark.parametrize(
    "text",
    [
        "EO 14159 § 10",
        "Executive Order 14159, section 10",
        "section 10 of Executive Order 14159",
        "§ 10(b) of EO 14159",
    ],
)
def test_a_section_of_an_order_is_an_identifier_of_its_own(text: str) -> None:
    assert set(found(text)) == {(K.ORDER, "14159"), (K.SECTION, "14159 § 10")}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Proclamation 10903", (K.PROCLAMATION, "10903")),
        ("Proclamation No. 9844", (K.PROCLAMATION, "9844")),
        ("RIN 1615-AC96", (K.RIN, "1615-AC96")),
        ("FR Doc. 2025-01234", (K.DOCUMENT, "2025-01234")),
        ("90 FR 1234", (K.CITATION, "90 FR 1234")),
        ("84 Fed. Reg. 33,829", (K.CITATION, "84 FR 33829")),
        ("8 CFR part 214", (K.CFR, "8 CFR 214")),
        ("8 C.F.R. § 214.2(h)", (K.CFR, "8 CFR 214")),
        ("Public Law 119-21", (K.LAW, "119-21")),
        ("Pub. L. No. 116-136", (K.LAW, "116-136")),
        ("PM-602-0166", (K.MEMO, "602-0166")),
        ("PM 25-35: fees", (K.MEMO, "25-35")),
        ("Matter of A-B-, 27 I&N Dec.", (K.MATTER, "a-b")),
        ("Matter of L-E-A-", (K.MATTER, "l-e-a")),
        ("Matter of Castro-Tum limits", (K.MATTER, "castro-tum")),
        ("Matter of Thomas & Thompson", (K.MATTER, "thomas & thompson")),
    ],
)
def test_the_other_numbers_of_the_law_are_read(text: str, want: tuple[IdentifierKind, str]) -> None:
    assert found(text) == [want]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("In Doe Institute v. Noem, the court", "doe institute"),
        ("Doe Institute vs. Trump et al.", "doe institute"),
        ("Wolf v. Example Law Lab, No. 5", "example law lab"),
        ("United States v. Ruritania", "ruritania"),
        ("The court heard Doe v. Roe yesterday", "doe"),
    ],
)
def test_a_caption_is_known_by_the_party_that_is_not_the_government(text: str, want: str) -> None:
    assert values(text, K.CAPTION) == [want]


@pytest.mark.parametrize(
    "text",
    ["A012-345-678", "call 555-0123", "on 2025-01-20", "ICE v ice", "in 2025", "EO", "United States v. President", ""],
)
def test_what_is_no_identifier_is_not_read(text: str) -> None:
    assert found(text) == []


def test_spans_hold_the_identifier() -> None:
    text = "Today EO 14159 fell; Matter of A-B- and 1:25-cv-00190 stand."

    shown = [text[one.start : one.end] for one in identifiers(text)]

    assert shown == ["14159", "Matter of A-B-", "1:25-cv-00190"]


@given(st.text(alphabet="No. 1259-:cvEOMatterofA§(),&\n "))
def test_any_text_can_be_read(text: str) -> None:
    for one in identifiers(text):
        assert isinstance(one, Identifier)
        assert 0 <= one.start < one.end <= len(text)


@pytest.mark.parametrize(
    "piece", ["No. 19-1234, ", "A v. ", "Matter of A-", "Aa Bb Cc v. ", "EO 14159, ", "§ 1 of ", "25-cv-"]
)
def test_a_long_hostile_text_is_read_to_its_end(piece: str) -> None:
    identifiers(piece * 5000)  # backtracking that grows with the square would run into the suite's time limit
