"""What a page's fetches say together: noise is what differs moments apart, and nothing else."""

from __future__ import annotations

import pytest

from monitor.core.noise.compare import residue
from monitor.core.noise.judge import MOST_FETCHES, believed, judge, schooled
from monitor.core.noise.learn import SURE, Lesson, learn
from monitor.core.noise.mask import Form, Mask, Pattern
from monitor.model.page import Block

Lines = list[tuple[str, str]]


def page(*lines: str, place: str = "main > p") -> list[Block]:
    """Blocks; ``PLACE| text`` stands elsewhere."""
    return [Block(*(line.split("| ", 1) if "| " in line else (place, line))) for line in lines]


def said(blocks: object) -> list[str]:
    return [block.text for block in blocks]  # type: ignore[attr-defined]


NOTHING = Mask()


def test_equal_pages_leave_nothing() -> None:
    assert not residue(page("One", "Two"), page("One", "Two"), NOTHING)


def test_what_came_went_and_moved_is_told_apart() -> None:
    left = residue(page("One", "Two", "Three", "Four"), page("Two", "Five", "Four", "Three"), NOTHING)

    assert (said(left.come), said(left.gone)) == (["Five"], ["One"])
    assert said(left.moved) in (["Three"], ["Four"])


@pytest.mark.parametrize(
    ("base", "x", "y"),
    [
        ("Views: 1", "Views: 22", "Views: 333"),
        ("Rendered March 1, 2026 by node-1a", "Rendered March 2, 2026 by node-2b", "Rendered March 3, 2026 by node-3c"),
        ("Link: a -> https://x.example/a?sid=152bf888ec8d8bc", "Link: a -> https://x.example/a?sid=d66887aa5561782",
         "Link: a -> https://x.example/a?sid=f266f247a44668e"),
    ],
)  # fmt: skip
def test_a_value_that_is_new_in_each_fetch_is_noise(base: str, x: str, y: str) -> None:
    first = judge(page("Text", base), [page("Text", x)], ())
    both = judge(page("Text", base), [page("Text", x), page("Text", y)], ())

    assert first.more
    assert not both.left
    assert {lesson.weight for lesson in both.lessons} == {SURE}


def test_what_stands_in_two_fetches_is_a_change() -> None:
    verdict = judge(page("The rule applies."), [page("The rule is enjoined.")] * 2, ())

    assert (said(verdict.left.come), verdict.more, verdict.lessons) == (["The rule is enjoined."], False, ())


def test_an_edit_beside_a_counter_is_seen_and_the_counter_is_not() -> None:
    base = page("The rule applies to all who enter. Read 100 times")
    first, second = (page(f"The rule is void for all who enter. Read {count} times") for count in (123, 125))
    verdict = judge(base, [first, second, first, second, first], ())
    mask = Mask([lesson.pattern for lesson in verdict.lessons])

    assert said(verdict.left.come) == ["The rule is void for all who enter. Read 123 times"]
    assert said(believed(base, first, mask)) == ["The rule is void for all who enter. Read 100 times"]


def test_a_page_that_is_half_deployed_is_quiet_and_its_change_is_told_when_it_stays() -> None:
    base, new = page("Text", "Old words here"), page("Text", "Old words here", "A new paragraph of the rule")

    flicker = judge(base, [new, base], ())
    valid = [lesson.pattern for lesson in flicker.lessons if lesson.weight >= SURE]
    later = judge(base, [new] * MOST_FETCHES, valid, suspect={lesson.pattern.place for lesson in flicker.lessons})

    assert not flicker.left
    assert said(later.left.come) == ["A new paragraph of the rule"]


def test_an_old_value_followed_by_a_new_one_teaches_nothing() -> None:
    """It may be an edit between two fetches."""
    base = page("Due on March 1, 2026")

    assert learn(base, base, page("Due on April 1, 2026"), NOTHING) == []


def test_a_line_that_comes_and_goes_is_noise_after_two_flickers_but_never_a_loud_one() -> None:
    base, with_cookies = page("Text"), page("Text", "We use cookies")
    one = judge(base, [with_cookies, base], ())
    two = judge(base, [with_cookies, base, with_cookies, base], ())
    loud = judge(base, [page("Text", "This rule was rescinded"), base] * 2, ())

    assert [lesson.weight >= SURE for lesson in one.lessons] == [False]
    assert Lesson(Pattern(Form.TEXT, "main > p", ("We use cookies",)), SURE) in two.lessons
    assert loud.lessons == ()


def test_a_place_whose_one_line_is_another_each_time_is_noise() -> None:
    adverts = [
        page("Text", f"aside| {words}") for words in ("Buy a fine new car", "Drink more milk", "See our great zoo")
    ]

    assert schooled(adverts, ()) == (Lesson(Pattern(Form.PLACE, "aside"), SURE),)


def test_loud_words_are_heard_where_all_is_noise() -> None:
    mask = Mask([Pattern(Form.PLACE, "aside")])
    base = page("Text", "aside| Buy a car")

    assert not residue(base, page("Text", "aside| Drink milk"), mask)
    assert said(residue(base, page("Text", "aside| This page was rescinded"), mask).come) == ["This page was rescinded"]
    told = page("Text", "aside| Court enjoins a rule")
    assert not residue(told, page("Text", "aside| Agency rescinds a rule"), mask)  # such words are not new there


def test_loud_words_are_heard_in_a_gap_that_any_words_fill() -> None:
    gap = Pattern(Form.GAP, "main > p", ("Today", ":"), ("by", "the"))
    base, quiet = page("Today: a walk by the river"), page("Today: a dance by the river")
    loud = page("Today: memo rescinded by the river")

    assert not judge(base, [quiet], [gap]).left
    assert said(judge(base, [loud, loud, loud], [gap]).left.come) == said(loud)
    assert said(believed(base, loud, Mask([gap]))) == said(loud)


def test_the_order_of_a_list_that_is_shuffled_is_noise_and_that_of_paragraphs_is_not() -> None:
    first, second = page("A", "B", "ol| 1", "ol| 2", "ol| 3"), page("A", "B", "ol| 3", "ol| 1", "ol| 2")
    lessons = schooled([first, second, first], ())
    mask = Mask([lesson.pattern for lesson in lessons])

    assert [lesson.pattern for lesson in lessons] == [Pattern(Form.ORDER, "ol")]
    assert not residue(first, second, mask)
    assert said(residue(first, page("B", "A", "ol| 2", "ol| 1", "ol| 3"), mask).moved) == ["A"]
    assert said(believed(first, second, mask)) == said(first)


def test_a_link_that_leads_elsewhere_is_a_change_though_its_token_is_noise() -> None:
    def links(name: str, token: str) -> list[Block]:
        return page(f"main > p > a| Link: the rule (PDF) -> https://x.example/{name}.pdf?sid={token}")

    base = links("old", "152bf888ec8d8bc")
    valid = [lesson.pattern for lesson in schooled([base, links("old", "d66887aa5561782"), links("old", "0")], ())]
    same = judge(base, [links("old", "f266f247a44668e")], valid)
    other = judge(base, [links("new", "877f77b2c5c6316"), links("new", "1877f77b2c5c631")] * 2, valid)

    assert not same.left
    assert said(other.left.come) == ["Link: the rule (PDF) -> https://x.example/new.pdf?sid=877f77b2c5c6316"]


def test_hidden_lines_stay_where_they_were_in_what_is_believed() -> None:
    mask = Mask([Pattern(Form.TEXT, "div", ("We use cookies",))])
    base = page("One", "div| We use cookies", "Two")

    assert said(believed(base, page("One", "Two", "Three"), mask)) == ["One", "We use cookies", "Two", "Three"]


def test_confirmation_can_be_done_without() -> None:
    verdict = judge(page("One"), [page("Two")], (), confirm=False)

    assert (said(verdict.left.come), verdict.more) == (["Two"], False)
