"""What sentences of court reporters and agencies propose (issue 5, "Status")."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.vocabulary import packaged_vocabulary
from monitor.core.status import propose
from monitor.model.status_words import StatusWords

WORDS = packaged_vocabulary().status_words
DAY = date(2025, 10, 9)  # a Thursday
TITLE = "Agency limits who may apply"
OFF, ON, PARTLY, ARGUED = WORDS.ended, WORDS.applies, WORDS.partial, WORDS.contested


def status_of(text: str, *, headline: str = "", title: str = TITLE, words: StatusWords = WORDS) -> str | None:
    found = propose(headline, text, words, policy_title=title, published=DAY)
    return found.status if found else None


ENDED = [
    "The judge said the agency cannot apply the limits.",
    "U.S. District Judge Jane Q. Doe in No. 25-cv-1234 vacated the rule.",
    "The rule was blocked by a federal judge in Boston.",
    "The memo was vacated by the court on October 6.",
    "A judge on Wednesday barred the agency from applying the guidance.",
    "The court said that it vacated the rule.",
    "The states sued in May, and the judge enjoined the policy.",
    "The Supreme Court denied the application and left the injunction in place.",
    "The agency abandoned the rule.",
    "The court issued a preliminary injunction blocking the policy.",
    "A federal judge on Tuesday enjoined the rule.",
    "Judge Jane Doe preliminarily enjoined the policy nationwide.",
    "The rule was enjoined on Tuesday.",
    "The rule has been enjoined.",
    "The district court vacated the rule and remanded it to the agency.",
    "The Ninth Circuit set aside the regulation.",
    "The court set the rule aside.",
    "The final rule was set aside by a federal judge in Texas.",
    "A federal judge struck down the requirement.",
    "The policy was struck down Wednesday.",
    "The court granted a preliminary injunction against the policy.",
    "The judge granted the states' motion for a preliminary injunction.",
    "A preliminary injunction was granted Monday.",
    "Judge Doe issued a temporary restraining order on Monday.",
    "The plaintiffs won a nationwide injunction against the directive.",
    "The judge issued an order blocking the rule.",
    "A judge granted a temporary restraining order that blocks the administration from using the new form.",
    "A federal judge temporarily blocked the administration from enforcing the memo.",
    "The Supreme Court halted the program.",
    "The appeals court affirmed the injunction.",
    "The Ninth Circuit upheld the preliminary injunction against the rule.",
    "The court left the injunction in place.",
    "The judge extended the temporary restraining order for two weeks.",
    "The Fourth Circuit affirmed the ruling that vacated the rule.",
    "The Supreme Court reinstated the injunction.",
    "The agency rescinded the memorandum.",
    "The agency is rescinding the guidance.",
    "The department withdrew the proposed rule on Monday.",
    "The memo was rescinded on Tuesday.",
    "The guidance has been withdrawn.",
    "The President revoked the executive order.",
    "The executive order was revoked.",
    "The department announced that it rescinded the policy.",
    "The secretary signed a memo rescinding the guidance.",
    "DHS issued a rescission of the memorandum.",
    "The agency terminated the program.",
    "The program was terminated.",
    "The proclamation expired on Wednesday.",
    "The directive lapsed at midnight.",
    "The agency repealed the regulation.",
    "The agency canceled the policy.",
    "The agency cancelled the policy.",
    "The court stayed the rule under 5 U.S.C. 705.",
    "The court granted a stay of the rule.",
    "The court ordered the agency to rescind the memo.",
    "The agency agreed to withdraw the rule.",
    "The court denied the motion to dismiss and vacated the rule.",
    "The judge sided with the plaintiffs, vacating the rule.",
    "Judges blocked the policy.",
    "The court declared the rule unlawful.",
    "The panel threw out the regulation.",
    "The court quashed the directive.",
    "The Court of Appeals invalidated the rule.",
    "The agency suspended the program.",
    "The court granted the request to halt the program.",
    "The court allowed the injunction to stand.",
]
APPLIES = [
    "A judge said on Tuesday that the agency can enforce the rule.",
    "The Supreme Court cleared the way for the administration to enforce the rule.",
    "The Supreme Court on Monday let the administration enforce the policy.",
    "The stay of the rule was lifted by the appeals court.",
    "A divided panel reversed the judge's order enjoining the rule.",
    "The agency relaunched the program.",
    "The Supreme Court stayed the injunction.",
    "The Supreme Court granted a stay of the injunction.",
    "The Fifth Circuit stayed the district court's ruling.",
    "The stay of the injunction was granted Tuesday.",
    "The appeals court lifted the injunction.",
    "The injunction was lifted on Monday.",
    "The court dissolved the preliminary injunction.",
    "The Ninth Circuit vacated the injunction against the rule.",
    "The Fourth Circuit reversed the injunction.",
    "The Supreme Court overturned the order blocking the rule.",
    "The appeals court paused the lower court's order.",
    "The Supreme Court put the ruling on hold.",
    "The Ninth Circuit upheld the rule.",
    "The court upheld the proclamation.",
    "The rule was upheld by the Supreme Court.",
    "The agency reinstated the policy.",
    "The policy was reinstated on Monday.",
    "The department restored the program.",
    "The agency resumed the program.",
    "The rule took effect on Wednesday.",
    "The regulation went into effect Wednesday.",
    "The restraining order expired on Wednesday.",
    "The Supreme Court allowed the administration to enforce the rule.",
    "The appeals court let the agency resume the program.",
    "The Ninth Circuit upheld the injunction, but the Supreme Court stayed it.",
    "A judge enjoined the rule, but the Fifth Circuit stayed the injunction.",
    "The court of appeals granted the motion to stay the injunction.",
    "The court agreed to lift the injunction.",
]
PARTIAL = [
    "The court partially enjoined the rule.",
    "The rule was vacated in part.",
    "The judge blocked parts of the policy.",
    "The court enjoined the rule for the plaintiffs.",
    "The Supreme Court partially stayed the injunction.",
    "A judge blocked the policy in the 22 states that sued.",
]
CONTESTED = [
    "The Supreme Court granted certiorari.",
    "The justices agreed to hear the case.",
    "The Supreme Court grants certiorari in the case.",
]
NOTHING = [
    # denied, refused, undone
    "The court did not enjoin the rule.",
    "The court didn't vacate the rule.",
    "The judge declined to stay the rule.",
    "The panel refused to vacate the regulation.",
    "The court denied the motion to stay the rule.",
    "The judge denied a preliminary injunction.",
    "The motion for a preliminary injunction was denied.",
    "A preliminary injunction was not granted.",
    "The court remanded without vacating the rule.",
    "No court has enjoined the rule.",
    "The rule has never been enjoined.",
    "The rule was not vacated.",
    "The court denied the motion to stay the injunction.",
    "The Fifth Circuit refused to lift the injunction.",
    "The court refused to enjoin or vacate the rule.",
    "Neither court enjoined the rule.",
    "The court rejected a bid to block the policy.",
    "The Supreme Court denied certiorari.",
    "The agency has not rescinded the memo.",
    "The agency failed to rescind the memo.",
    "The judge stopped short of vacating the rule.",
    "The judge dismissed the request for a temporary restraining order.",
    "The appeals court declined to lift the stay.",
    "The judges were not persuaded to halt the program.",
    "Without enjoining the rule, the court set a schedule.",
    "The justices turned down a plea to block the policy.",
    "The court denied the states a temporary restraining order.",
    "Nobody has revoked the order.",
    # asked, planned, possible
    "The agency was asked to rescind the memo.",
    "The complaint asks that the policy be vacated.",
    "The rule would be vacated under the settlement.",
    "The agency must rescind the memo.",
    "The order can be revoked at any time.",
    "A motion to vacate the rule is pending.",
    "The state's request to enjoin the rule is before the judge.",
    "The administration's effort to lift the injunction goes on.",
    "Whether the court vacates the rule is open.",
    "Officials discussed rescinding the guidance.",
    "The department intends to revoke the designation.",
    "The agency has proposed rescinding the rule.",
    "The states asked the court to enjoin the rule.",
    "The lawsuit seeks to vacate the rule.",
    "The bill would rescind the order.",
    "The rule may be stayed.",
    "The agency plans to rescind the memo.",
    "If the court vacates the rule, the old one returns.",
    "They filed a motion for a preliminary injunction.",
    "Advocates urged the judge to enjoin the policy.",
    "The agency will rescind the guidance.",
    "The court could vacate the rule.",
    "A judge is likely to enjoin the policy.",
    "The administration moved to stay the injunction.",
    "The department asked the Supreme Court to stay the injunction.",
    "A hearing on a preliminary injunction is set for Monday.",
    "The judge is considering vacating the rule.",
    "The agency proposed to withdraw the rule.",
    "The judge is weighing whether to block the policy.",
    "Plaintiffs argued that the agency rescinded the memo unlawfully.",
    "The rule remains in effect unless a court enjoins it.",
    "The rule applies until a court vacates it.",
    "They want the rule set aside.",
    "The plaintiffs requested that the rule be set aside.",
    "The agency expects to resume the program.",
    "The rule will take effect on Wednesday.",
    "The administration vowed to reinstate the policy.",
    "Lawyers sought a temporary restraining order.",
    "Did the court vacate the rule?",
    "The senator threatened to revoke the order.",
    "The agency is preparing to terminate the program.",
    # background
    "The rule, which was enjoined last year, is back on the agenda.",
    "The rule had been vacated.",
    "A court enjoined the rule in 2019.",
    "The policy was previously enjoined.",
    "A judge blocked the policy last month.",
    "The rule was vacated on March 3, 2021.",
    "The agency rescinded the memo two years ago.",
    "The memo, which a judge blocked, was the first of its kind.",
    "When a judge blocked the rule, many lost hope.",
    "Earlier this year a judge enjoined the policy.",
    "The judge who enjoined the rule has retired.",
    # said by somebody
    "“We will rescind the rule,” she said.",
    "“The judge enjoined the rule and that is wrong,” he said.",
    "“The court vacated the rule, thank God,” the senator said.",
    # done to something else, or by the policy itself
    "The judge vacated his conviction.",
    "The court stayed the removal order.",
    "The court overturned the verdict.",
    "The department revoked job offers.",
    "The agency canceled the meeting.",
    "The company terminated the contract.",
    "Police blocked the street.",
    "The students stayed at home.",
    "The court affirmed.",
    "The court affirmed the decision.",
    "The court granted a stay.",
    "The president signed the order.",
    "The agency published the rule.",
]  # fmt: skip
TABLE = [
    *((text, OFF) for text in ENDED),
    *((text, ON) for text in APPLIES),
    *((text, PARTLY) for text in PARTIAL),
    *((text, ARGUED) for text in CONTESTED),
    *((text, None) for text in NOTHING),
]


@pytest.mark.parametrize(("text", "status"), TABLE)
def test_a_sentence_proposes_what_it_says_was_done_and_nothing_else(text: str, status: str | None) -> None:
    assert status_of(text) == status


DEEDS = [  # done, its base form, by whom and to what
    ("enjoined", "enjoin", "enjoining"),
    ("vacated", "vacate", "vacating"),
    ("struck down", "strike down", "striking down"),
    ("set aside", "set aside", "setting aside"),
    ("blocked", "block", "blocking"),
    ("stayed", "stay", "staying"),
    ("invalidated", "invalidate", "invalidating"),
    ("suspended", "suspend", "suspending"),
    ("upheld", "uphold", "upholding"),
    ("reinstated", "reinstate", "reinstating"),
]
COURTS = ["A federal judge", "The district court", "The Ninth Circuit", "The Supreme Court", "Judge Jane Doe"]
OBJECTS = ["the rule", "the memorandum", "the executive order", "the injunction", "the agency's guidance"]
DENIALS = [
    "{court} did not {base} {what}.",
    "{court} didn't {base} {what}.",
    "{court} has not {done} {what}.",
    "{court} never {done} {what}.",
    "{court} declined to {base} {what}.",
    "{court} refused to {base} {what}.",
    "{court} denied a motion to {base} {what}.",
    "{court} rejected a request to {base} {what}.",
    "{court} ruled without {doing} {what}.",
    "{court} stopped short of {doing} {what}.",
    "{court} may {base} {what}.",
    "{court} could soon {base} {what}.",
    "{court} would {base} {what}.",
    "{court} will {base} {what}.",
    "{court} is expected to {base} {what}.",
    "{court} is considering {doing} {what}.",
    "{court} was asked to {base} {what}.",
    "The states asked {court} to {base} {what}.",
    "The states urged {court} to {base} {what}.",
    "The lawsuit seeks to {base} {what}.",
    "If {court} {done} {what}, the states would appeal.",
    "It is unclear whether {court} {done} {what}.",
    "The states filed a motion to {base} {what}.",
    "{court} had {done} {what}.",
    "{court} {done} {what} last year.",
    "{court} {done} {what} in 2019.",
    "“{court} {done} {what},” the governor said.",
    "Has {court} {done} {what}?",
]
deeds, courts, objects = st.sampled_from(DEEDS), st.sampled_from(COURTS), st.sampled_from(OBJECTS)


@given(deed=deeds, court=courts, what=objects)
def test_every_deed_of_a_court_proposes_something_with_its_own_sentence(
    deed: tuple[str, str, str], court: str, what: str
) -> None:
    sentence = f"{court} {deed[0]} {what}."
    found = propose("", f"It rained on Monday. {sentence} It rained again.", WORDS, policy_title=TITLE, published=DAY)
    assert found is not None
    assert found.sentence == sentence
    assert found.status in (OFF, ON)


@given(deed=deeds, court=courts, what=objects, pattern=st.sampled_from(DENIALS))
def test_what_was_denied_asked_for_possible_past_or_only_said_proposes_nothing(
    deed: tuple[str, str, str], court: str, what: str, pattern: str
) -> None:
    done, base, doing = deed
    assert status_of(pattern.format(court=court, done=done, base=base, doing=doing, what=what)) is None


@given(deed=st.sampled_from(DEEDS[:8]), court=courts)
def test_what_is_done_to_an_injunction_turns_the_effect_round(deed: tuple[str, str, str], court: str) -> None:
    assert (status_of(f"{court} {deed[0]} the rule."), status_of(f"{court} {deed[0]} the injunction.")) == (OFF, ON)


@given(st.text(max_size=300))
def test_any_text_is_read_and_a_proposal_quotes_it(text: str) -> None:
    found = propose(text, text, WORDS, policy_title=text, published=DAY)
    assert found is None or found.status in (OFF, ON, PARTLY, ARGUED)


@pytest.mark.parametrize(
    ("headline", "status"),
    [
        ("Judge blocks Trump's new visa rule", OFF),
        ("Federal judge halts program nationwide", OFF),
        ("DHS rule enjoined in Doe v. Roe", OFF),
        ("Visa rules vacated", OFF),
        ("Order granting preliminary injunction", OFF),
        ("Doe v. Agency - Preliminary Injunction", OFF),
        ("Rescission of the Notice of July 23, 2019", OFF),
        ("Appeals court lifts block on arrests at courthouses", ON),
        ("Supreme Court lets administration enforce the ban", ON),
        ("Supreme Court grants request to pause ruling", ON),
        ("Agency rescinds memo on arrests - The Outlet", OFF),
        ("Appeals court says visa rule can take effect", ON),
        ("Visa rule can take effect, appeals court rules", ON),
        ("Judge rules visa ban may remain in effect", ON),
        ("Supreme Court clears way for new visa rule", ON),
        ("Judge says agency cannot enforce visa rule", OFF),
        ("Judge says injunction can remain in place", OFF),
        ("Judge finds agency cannot apply the policy", OFF),
        ("Judge rules lawsuit against visa rule can proceed", None),
        ("Agency says rule can take effect soon", None),
        ("House votes to overturn rule", None),
        ("Order Denying TRO - Doe v. Roe", None),
        ("Motion for Preliminary Injunction", None),
        ("Judge weighs block of visa rule", None),
        ("Will the court block the rule?", None),
        ("Agency to rescind visa rule", None),
        ("District court judge tries to block border proclamation", None),
        ("States sue to block the rule", None),
        ("Judge could vacate rule", None),
        ("Agency releases memo", None),
    ],
)
def test_headlines_speak_in_their_own_grammar(headline: str, status: str | None) -> None:
    assert status_of("", headline=headline) == status


@pytest.mark.parametrize(
    ("headline", "text", "status", "sentence"),
    [
        ("Judge blocks rule", "The Supreme Court upheld the policy.", OFF, "Judge blocks rule"),
        ("", "The district court enjoined the rule. The Supreme Court stayed the injunction.", ON, 1),
        ("", "The Supreme Court stayed the injunction. A judge enjoined the rule on Monday.", ON, 0),
        ("", "The agency rescinded the memo. The agency reinstated the memo.", ON, 1),
        ("", "The appeals court issued an administrative stay of the order vacating the rule.", ON, 0),
        ("Hearing held", "It rained. The court did not rule. The judge vacated the rule.", OFF, 2),
    ],
)
def test_of_statements_that_disagree_the_headline_then_the_highest_court_then_the_latest_is_believed(
    headline: str, text: str, status: str, sentence: str | int
) -> None:
    found = propose(headline, text, WORDS, policy_title=TITLE, published=DAY)
    said = sentence if isinstance(sentence, str) else text.split(". ")[sentence].rstrip(".")
    assert found is not None
    assert (found.status, found.sentence.rstrip(".")) == (status, said)


@pytest.mark.parametrize(
    ("title", "text", "status"),
    [
        ("Agency ends protection of refugees", "The agency revoked the protection program.", None),
        ("Agency ends protection of refugees", "A judge blocked the agency from using the notice.", OFF),
        ("Agency ends protection of refugees", "The agency rescinded the termination.", OFF),
        ("Agency revokes student records", "The agency restored thousands of student records.", OFF),
        ("Agency creates a program for students", "The agency revoked the program.", OFF),
        ("DHS terminates TPS for Ruritania", "The Supreme Court allowed the agency to end TPS.", ON),
        ("DHS terminates TPS for Ruritania", "The court ruled that the agency may not end TPS.", OFF),
        ("DHS terminates TPS for Ruritania", "A judge restored TPS.", OFF),
    ],
)
def test_a_policy_that_ends_something_itself_is_not_ended_by_doing_so(
    title: str, text: str, status: str | None
) -> None:
    assert status_of(text, title=title) == status


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("The General Court annulled the directive.", "Not in force"),
        ("The Commission abrogated the directive.", "Not in force"),
        ("The Commission did not abrogate the directive.", None),
        ("The Commission lodged an appeal.", "Proposed"),
        ("A judge enjoined the rule.", None),
    ],
)
def test_another_fields_words_lead_to_its_own_statuses(text: str, status: str | None) -> None:
    own = StatusWords(
        ended="Not in force",
        contested="Proposed",
        strike=("annul",),
        rescind=("abrogate",),
        documents=("directive",),
        courts=("general court",),
        contest=("lodged an appeal",),
    )
    assert status_of(text, words=own) == status


def test_without_words_nothing_is_proposed() -> None:
    assert status_of("A judge enjoined the rule.", words=StatusWords()) is None
