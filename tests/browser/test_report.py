"""The report as a reader sees it."""

from __future__ import annotations

import re
import socket
from dataclasses import replace

import numpy as np
import pytest

from engine.report.compare import COMPARE_FILE, comparison, render_comparison
from engine.report.evidence import EVIDENCE_FILE, packed_evidence, write_evidence
from engine.report.html import render_report
from engine.report.runfile import save_run
from engine.report.tables import CALLS_FILE, EQUITY_FILE, write_calls, write_equity
from engine.report.words import Words
from tests.browser.driver import Browser
from tests.report.sample import HOSTILE, sample_calls, sample_evidence, write_sample

ROWS = "[...document.querySelectorAll('#calls tbody tr:not(.detail)')]"
PHONE = 390


def column(window: Browser, name: str) -> list[str]:
    """The texts of one column of the page of calls that is shown."""
    return window.run(f"return {ROWS}.map((row) => row.querySelector('td.{name}').textContent)")


def counted(window: Browser) -> str:
    return window.run("return document.getElementById('counted').textContent")


def search(window: Browser, words: str) -> None:
    window.run(
        f"const box = document.getElementById('search'); box.value = {words!r}; box.dispatchEvent(new Event('input'))"
    )


def click_heading(window: Browser, label: str) -> None:
    window.run(f"[...document.querySelectorAll('#calls th button')].find((b) => b.textContent === {label!r}).click()")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, 1280])
def test_a_hostile_run_loads_quietly_and_fits(window, report, width, dark):
    window.open(report, width, dark=dark)
    assert window.console() == []
    assert window.requests() == [report.as_uri()]
    assert window.run("return document.querySelectorAll('.picture .main-svg').length") >= 7
    assert window.run("return document.documentElement.scrollWidth") == width
    cut = "!n.closest('.scroll, .picture') && n.clientWidth && n.scrollWidth > n.clientWidth + 1"
    nodes = f"[...document.querySelectorAll('main *')].filter((n) => {cut})"
    assert window.run(f"return {nodes}.map((n) => n.outerHTML.slice(0, 80))") == []


def same_ticks(window: Browser) -> list[str]:
    """The axes of figures on which two ticks have one label, each with its labels (hours come again every day)."""
    return window.run("""
        const found = [];
        for (const place of document.querySelectorAll('.picture')) {
            for (const axis of ['x', 'y', 'y2']) {
                if (place._fullLayout?.[`${axis[0]}axis`].type === 'date') continue;
                const texts = [...place.querySelectorAll(`.${axis}tick text`)].map((n) => n.textContent);
                if (new Set(texts).size < texts.length) found.push(`${place.id} ${axis}: ${texts.join(' ')}`);
            }
        }
        return found;
    """)


@pytest.mark.parametrize(("width", "fall"), [(PHONE, 0.0), (PHONE, 0.00004), (PHONE, 0.012), (1280, 0.0009)])
def test_no_two_ticks_of_an_axis_have_one_label(window, tmp_path, width, fall):
    """Also where an account hardly moved, or lost a third of everything."""
    write_sample(tmp_path)
    ts = np.arange(100, dtype=np.int64) * 3_600_000
    equity = np.where(np.arange(100) < 50, 10_000.0, 10_000.0 * (1 - fall))
    write_equity(tmp_path / EQUITY_FILE, ts, equity, 1 - equity / 10_000.0)
    window.open(render_report(tmp_path), width)
    assert same_ticks(window) == []


def test_no_line_goes_through_a_name_of_a_picture(window, report):
    """Each name of a row stands on a ground of the card's colour, above all lines."""
    window.open(report, PHONE)
    grounds = "[...document.querySelectorAll('#mean-r .annotation rect.bg, #funnel .annotation rect.bg')]"
    card = window.run("return getComputedStyle(document.querySelector('section:has(#mean-r)')).backgroundColor")
    fills = window.run(f"return {grounds}.map((n) => [getComputedStyle(n).fill, getComputedStyle(n).fillOpacity])")
    assert len(fills) >= 4
    assert {tuple(fill) for fill in fills} == {(card, "1")}


@pytest.mark.parametrize("width", [PHONE, 1280])
def test_no_name_of_a_line_is_cut_and_a_click_hides_the_line(window, tmp_path, width):
    run = write_sample(tmp_path)
    names = ["Unbreakable" * 6, "Whales & <b>Friends</b> of the North", "A", "Bc"]
    save_run(tmp_path, replace(run, channels=[replace(c, name=n) for c, n in zip(run.channels, names, strict=True)]))
    window.open(render_report(tmp_path), width)
    texts = window.run(
        "return [...document.querySelectorAll('.legend:not([hidden]) button')].map((b) => b.textContent)"
    )
    assert "Whales & <b>Friends</b> of the North"[:31] in {text[:31] for text in texts}
    assert {"calls", "updates", "hit", "fair"} <= set(texts)
    inside = "const r = b.getBoundingClientRect(); return r.left >= 0 && r.right <= innerWidth && r.height > 0"
    cut = f"[...document.querySelectorAll('.legend:not([hidden]) button')].filter((b) => !(() => {{ {inside} }})())"
    assert window.run(f"return {cut}.length") == 0
    lines = "document.querySelectorAll('#cumulative .scatterlayer .trace').length"
    before = window.run(f"return {lines}")
    window.run("document.querySelector('#cumulative').previousElementSibling.querySelector('button').click()")
    window.wait(f"return {lines} === {before - 1}")


def test_the_pictures_are_there_when_the_page_has_loaded(window, report):
    """Whoever prints or photographs a page waits for its load event: no picture comes after it."""
    window.ask("/url", {"url": report.as_uri()})  # returns at the load event
    assert window.run("return document.documentElement.dataset.ready") == "yes"
    assert window.run("return document.querySelectorAll('.picture:not(:has(.main-svg))').length") == 0
    assert window.run("return document.querySelectorAll('iframe').length") == 0


def test_what_reads_zero_has_the_colour_of_neither_win_nor_loss(window, tmp_path):
    write_sample(tmp_path)
    rows = [replace(row, r=r, net=r) for row, r in zip(sample_calls(), (-0.004, 0.004, -0.006, 0.006), strict=False)]
    write_calls(tmp_path / CALLS_FILE, rows)
    window.open(render_report(tmp_path))
    cells = f"{ROWS}.map((row) => row.querySelector('td.r')).map((c) => [c.textContent, c.className])"
    assert sorted(window.run(f"return {cells}")) == [
        ["+0.01", "r n plus"], ["0.00", "r n"], ["0.00", "r n"], ["\u22120.01", "r n less"],
    ]  # fmt: skip


def test_nothing_a_channel_wrote_is_run(window, report):
    window.open(report)
    assert window.run("return document.querySelector('#mean-r').textContent.includes('<script>alert(1)')")
    assert window.run("return document.scripts.length") == 7  # data, what is packed, ours, the library
    search(window, "=cmd()")
    assert HOSTILE in column(window, "channel")
    window.run(
        "const s = document.getElementById('by-channel'); s.value = '<script>alert(1)</script>'; "
        "s.dispatchEvent(new Event('change'))"
    )
    assert set(column(window, "channel")) == {HOSTILE}
    window.run("document.querySelector('#calls td button').click()")
    detail = window.run("return document.querySelector('#calls tr.detail').textContent")
    assert "{{7*7}} ${7*7}" in detail
    assert f"'{HOSTILE} --ink" in detail


def test_injected_script_is_stopped_by_the_policy(window, report, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        stranger.setblocking(False)
        there = f"http://127.0.0.1:{stranger.getsockname()[1]}/x"
        attack = f"<script>document.title = 'run'</script><img src={there} onerror=\"document.title = 'run'\">"
        page = tmp_path / "attacked.html"
        page.write_text(report.read_text(encoding="utf-8").replace("<main>", f"<main>{attack}"), encoding="utf-8")
        window.open(page)
        assert window.run("return document.title") == "vip-ladder - SignalProof report"
        assert len([line for line in window.console() if "Content Security Policy" in line]) >= 2
        with pytest.raises(BlockingIOError):
            stranger.accept()


def test_words_outcome_channel_and_taken_narrow_the_table(window, report):
    window.open(report)
    assert counted(window) == "1–50 of 600"
    search(window, "btcusdt SHORT")
    assert set(zip(column(window, "symbol"), column(window, "side"), strict=True)) == {("BTCUSDT", "short")}
    search(window, "")
    window.run(
        "const s = document.getElementById('by-channel'); s.value = 'Fast Scalps'; s.dispatchEvent(new Event('change'))"
    )
    assert counted(window) == "1–50 of 150"
    window.run(
        "const s = document.getElementById('by-status'); s.value = 'expired'; s.dispatchEvent(new Event('change'))"
    )
    expired = sum(row.channel == "fast_scalps" and row.status == "expired" for row in sample_calls())
    assert column(window, "status") == ["expired"] * expired
    window.run("document.getElementById('only-taken').click()")
    assert counted(window) == "No call fits"


def test_words_of_the_messages_are_found_whatever_case_and_accents(window, tmp_path):
    """Chat that no column holds; the texts are unpacked when somebody searches, and not before."""
    write_sample(tmp_path)
    told = [sample_evidence(row) for row in sample_calls()]
    for place, text in ((3, "Çok GÜÇLÜ sıkışma, dikkat"), (9, "çok güçlü")):
        told[place] = replace(told[place], versions=(replace(told[place].versions[0], text=text, marks=()),))
    write_evidence(tmp_path / EVIDENCE_FILE, packed_evidence(told))
    window.open(render_report(tmp_path))
    for words, number in (("cok guclu", 2), ("ÇOK Güçlü SIKIŞMA", 1), ("çok güçlü yok", 0)):
        search(window, words)
        said = f"1–{number} of {number}" if number else "No call fits"
        window.wait(f"return document.getElementById('counted').textContent === {said!r}")
    search(window, "")
    assert counted(window) == "1–50 of 600"


def test_columns_sort_both_ways_and_what_has_no_value_stands_last(window, report):
    def figures() -> list[float]:
        return [float(text.replace("−", "-")) for text in column(window, "r") if text]

    window.open(report)
    click_heading(window, "R")
    best = sorted((row.r for row in sample_calls() if row.r is not None), reverse=True)
    assert figures() == pytest.approx(best[:50], abs=0.006)
    click_heading(window, "R")
    assert figures() == pytest.approx(best[::-1][:50], abs=0.006)
    assert window.run("return document.querySelector('#calls th[aria-sort=ascending]').textContent") == "R"
    for _ in range(11):
        window.run("document.querySelectorAll('.pages button')[1].click()")
    assert counted(window) == "551–600 of 600"
    assert set(column(window, "r")) == {""}
    assert window.run("return document.querySelectorAll('.pages button')[1].disabled")
    click_heading(window, "Symbol")
    assert column(window, "symbol") == ["=cmd()"] * 20 + ["BTCUSDT"] * 30


def test_a_row_opens_and_closes(window, report):
    window.open(report, PHONE)
    button = "document.querySelector('#calls td button')"
    window.run(f"{button}.click()")
    assert "Entry price" in window.run("return document.querySelector('#calls tr.detail').textContent")
    assert window.run("return document.documentElement.scrollWidth") == PHONE
    assert window.run(f"return {button}.getAttribute('aria-expanded')") == "true"
    window.run(f"{button}.click()")
    assert window.run("return document.querySelectorAll('#calls tr.detail').length") == 0


@pytest.mark.parametrize("width", [PHONE, 1280])
def test_an_empty_run_and_a_crowded_one_fit_too(window, tmp_path, width):
    run = write_sample(tmp_path / "empty")
    save_run(tmp_path / "empty", replace(run, channels=[], warnings=[]))
    write_calls(tmp_path / "empty" / CALLS_FILE, [])
    write_equity(tmp_path / "empty" / EQUITY_FILE, *[np.array([])] * 3)
    long = "Unbreakable" * 12
    crowd = [replace(c, name=f"{long}{i}", verdict=long, why=long) for i in range(6) for c in run.channels]
    write_sample(tmp_path / "crowd")
    save_run(tmp_path / "crowd", replace(run, strategy=long, channels=crowd, warnings=[long], assumptions=[long]))
    for name in ("empty", "crowd"):
        page = render_report(tmp_path / name)
        window.open(page, width)
        assert window.console() == []
        assert window.run("return document.documentElement.scrollWidth") == width


def luminance(colour: str) -> float:
    """The brightness of ``rgb(r, g, b)``, 0 to 255."""
    return sum(float(part) for part in re.findall(r"[0-9.]+", colour)[:3]) / 3


def test_page_and_pictures_follow_the_scheme_of_the_system_and_the_button(window, report):
    ground = "return getComputedStyle(document.body).backgroundColor"
    ink = "return getComputedStyle(document.querySelector('#equity .ytick text')).fill"
    window.open(report, dark=True)
    assert luminance(window.run(ground)) < 60 < luminance(window.run(ink))
    dark_ink = window.run(ink)
    window.run("document.getElementById('theme').click()")
    assert luminance(window.run(ground)) > 230
    assert luminance(window.run(ink)) < luminance(dark_ink)
    window.run("document.getElementById('theme').click()")
    assert window.run(ink) == dark_ink
    window.open(report, dark=False)
    assert window.run("return document.getElementById('theme').textContent") == "Dark"
    window.scheme(dark=True)
    assert luminance(window.run(ground)) < 60
    assert window.run(ink) == dark_ink


def test_paper_is_light_and_pictures_fit_it(window, report):
    window.open(report, dark=True)
    window.run("dispatchEvent(new Event('beforeprint'))")
    window.command("Emulation.setDeviceMetricsOverride", width=690, height=1000, deviceScaleFactor=1, mobile=False)
    window.scheme(dark=True, media="print")
    assert window.run("return document.documentElement.scrollWidth") <= 690
    assert luminance(window.run("return getComputedStyle(document.querySelector('#equity .ytick text')).fill")) < 120
    wide = "[...document.querySelectorAll('.main-svg')].map((n) => n.getBoundingClientRect().right)"
    assert window.run(f"return Math.max(...{wide})") <= 690
    window.scheme(dark=True)
    window.run("dispatchEvent(new Event('afterprint'))")
    assert window.run("return document.documentElement.dataset.theme ?? null") is None


def test_five_thousand_calls_load_a_page_at_a_time(window, tmp_path):
    write_sample(tmp_path)
    write_calls(tmp_path / CALLS_FILE, (sample_calls() * 9)[:5000])
    window.open(render_report(tmp_path))
    assert counted(window) == "1–50 of 5,000"
    assert window.run("return document.querySelectorAll('#trades tbody tr').length") < 200


def test_months_scroll_on_a_phone_and_paper_opens_every_channel(window, tmp_path):
    write_sample(tmp_path)
    calls = sample_calls()
    early = [replace(row, r=row.r and 30 * row.r, posted=row.posted.replace("2025", "2024")) for row in calls]
    late = [replace(row, posted=re.sub(r"-0(\d)-..", lambda m: f"-{int(m[1]) + 6:02}-15", row.posted)) for row in early]
    write_calls(tmp_path / CALLS_FILE, [*early * 3, *late * 3, *calls])
    page = render_report(tmp_path)
    window.open(page, PHONE)
    assert window.run("return document.documentElement.scrollWidth") == PHONE
    assert window.run("const m = document.querySelector('.months'); m.scrollLeft = 300; return m.scrollLeft") == 300
    left = "document.querySelector('.months').getBoundingClientRect().left"
    assert window.run(f"return document.querySelector('.months td.name').getBoundingClientRect().left - {left}") == 0
    opened = "return document.querySelectorAll('details.origin[open]').length"
    window.open(page, dark=True)
    assert window.run(opened) == 1
    tint = "return getComputedStyle(document.querySelector('.months .up3')).backgroundColor"
    dark = window.run(tint)
    window.scheme(dark=False)
    assert window.run(tint) != dark
    window.run("dispatchEvent(new Event('beforeprint'))")
    window.command("Emulation.setDeviceMetricsOverride", width=690, height=1000, deviceScaleFactor=1, mobile=False)
    window.scheme(dark=False, media="print")
    assert window.run(opened) == 3
    assert window.run("return document.querySelector('.months table').getBoundingClientRect().right") <= 690
    window.scheme(dark=False)
    window.run("dispatchEvent(new Event('afterprint'))")
    assert window.run(opened) == 1


def test_a_call_opens_to_its_candles_and_its_message(window, report):
    window.open(report)
    search(window, "keel")
    place = next(i for i, row in enumerate(reversed(keel_rows())) if row.filled_at and row.signal_id.endswith("7"))
    for _ in range(place // 50):
        window.run("document.querySelectorAll('.pages button')[1].click()")
    window.run(f"{ROWS}[{place % 50}].querySelector('button').click()")
    window.wait("return document.querySelector('#calls tr.detail')?.dataset.ready === 'yes'")
    row = list(reversed(keel_rows()))[place]
    assert window.run("return document.querySelectorAll('.chart .candlestick, .chart .boxlayer .box').length") > 0
    assert window.run("return document.querySelector('.versions u').textContent") == row.symbol
    texts = window.run(
        "return [...document.querySelectorAll('.versions .when')].map((n) => n.textContent.split(' ')[0])"
    )
    assert texts == ["posted", "edited", "deleted"]
    message = window.run("return document.querySelector('.versions pre').textContent")
    assert message.endswith(f"{HOSTILE} {{{{7*7}}}} =cmd()")
    assert window.run("return document.querySelectorAll('.versions pre script').length") == 0
    labels = window.run("return [...document.querySelectorAll('.chart .annotation-text')].map((n) => n.textContent)")
    assert {"entry", "stop", "target 1"} <= set(labels)
    assert window.console() == []
    assert window.requests() == [report.as_uri()]


def keel_rows():
    """The calls of keel in the order of posting."""
    return sorted((row for row in sample_calls() if row.channel == "keel"), key=lambda row: row.posted)


def test_prices_have_the_decimals_of_their_symbol(window, report):
    window.open(report)
    search(window, "btcusdt keel")
    window.run("document.querySelector('#calls td button').click()")
    entry = window.run(
        "return [...document.querySelectorAll('#calls .detail dl div')]"
        ".find((d) => d.firstChild.textContent === 'Stop').lastChild.textContent"
    )
    assert re.fullmatch(r"\d+\.\d{1,5}", entry)


@pytest.mark.parametrize("width", [PHONE, 1280])
def test_the_turkish_report_fits_and_speaks_turkish(window, tmp_path, width):
    write_sample(tmp_path)
    page = render_report(tmp_path, "tr")
    window.open(page, width)
    assert window.console() == []
    assert window.run("return document.documentElement.scrollWidth") == width
    assert counted(window) == "1–50 / 600"
    assert window.run("return document.querySelector('#calls th button').textContent") == "Paylaşılan"
    assert "kapandı" in column(window, "status")
    assert all("." not in text for text in column(window, "r"))


def test_five_thousand_calls_open_within_two_seconds(window, tmp_path):
    write_sample(tmp_path)
    write_calls(tmp_path / CALLS_FILE, (sample_calls() * 9)[:5000])
    window.open(render_report(tmp_path))
    assert window.run("return performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd") < 2000


def test_a_comparison_fits_and_asks_for_nothing(window, tmp_path):
    run = write_sample(tmp_path / "a")
    other = replace(run, strategy=HOSTILE, channels=run.channels[1:])
    page = render_comparison(tmp_path / COMPARE_FILE, comparison(run, other), Words())
    for width in (PHONE, 1280):
        window.open(page, width)
        assert window.console() == []
        assert window.requests() == [page.as_uri()]
        assert window.run("return document.documentElement.scrollWidth") == width
    assert window.run("return document.scripts.length") == 0
    assert HOSTILE in window.run("return document.body.textContent")
