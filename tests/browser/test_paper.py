"""The page of an account on paper in a real browser: it draws, it fits, it says nothing to the console."""

from __future__ import annotations

import pytest

from tests.browser.test_report import PHONE, ROWS, click_heading, column, counted, same_ticks, search

NAMES = ("full", "one", "empty", "turkish")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, 1280])
@pytest.mark.parametrize("name", NAMES)
def test_the_page_loads_quietly_and_fits(window, paper_pages, name, width, dark):
    page = paper_pages[name]
    window.open(page, width, dark=dark)
    assert window.console() == []
    assert window.requests() == [page.as_uri()]
    wanted = window.run("return [...document.querySelectorAll('.picture')].map((n) => n.id)")
    drawn = window.run("return [...document.querySelectorAll('.picture:has(.main-svg)')].map((n) => n.id)")
    assert drawn == wanted
    pictures = {"full": {"equity", "cumulative"}, "one": {"equity"}, "empty": set()}
    assert set(wanted) == pictures[name if name in pictures else "full"]
    assert same_ticks(window) == []
    assert window.run("return document.documentElement.scrollWidth") == width
    cut = "!n.closest('.scroll, .picture') && n.clientWidth && n.scrollWidth > n.clientWidth + 1"
    nodes = f"[...document.querySelectorAll('main *')].filter((n) => {cut})"
    assert window.run(f"return {nodes}.map((n) => n.outerHTML.slice(0, 80))") == []


def test_its_calls_are_searched_sorted_and_opened(window, paper_pages):
    window.open(paper_pages["full"])
    assert counted(window) == "1\u201350 of 75"
    search(window, "two-at-a-time")
    assert counted(window) == "1\u201328 of 28"
    search(window, "")
    window.run("document.getElementById('only-taken').click()")
    assert counted(window) == "1\u201346 of 46"
    click_heading(window, "Net")
    shown = [float(text.replace("\u2212", "-").replace(",", "")) for text in column(window, "net") if text]
    assert shown == sorted(shown, reverse=True)
    window.run(f"{ROWS}[0].querySelector('button').click()")
    window.wait("return document.querySelector('tr.detail')?.dataset.ready === 'yes'")
    detail = window.run("return document.querySelector('tr.detail').textContent")
    assert "Strategy" in detail
    assert window.run("return document.querySelectorAll('tr.detail .chart .main-svg').length") > 0
    assert window.run("return document.querySelectorAll('tr.detail .versions u').length") >= 3


def test_an_empty_account_says_so(window, paper_pages):
    window.open(paper_pages["empty"])
    text = window.run("return document.querySelector('main').textContent")
    for said in ("Nothing is open and nothing rests.", "NOT ENOUGH DATA", "No call fits", "No trade was filled yet"):
        assert said in text, said
