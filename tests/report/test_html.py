"""report.html: complete, the same bytes each time, offline, and safe whatever a channel wrote."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from engine.report.calls import CallRow
from engine.report.calltable import ACCOUNT, note_text
from engine.report.evidence import EVIDENCE_FILE, Chart, Evidence, Version, packed_evidence, write_evidence
from engine.report.html import SHOWN_CALLS, embedded, render_report
from engine.report.runfile import save_run
from engine.report.tables import CALLS_FILE, EQUITY_FILE, UnreadableRunError, write_calls, write_equity
from engine.report.words import LANGUAGES, Words
from engine.units import moment_ms, show_time
from tests.report.sample import HOSTILE, sample_calls, sample_run, write_sample


class Page(HTMLParser):
    """A rendered page: its scripts, the text outside them, the policy, and every attribute."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.words: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.inside = tag if tag in ("script", "style") else ""
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif not self.inside:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    @property
    def policy(self) -> str:
        return next(
            value for tag, name, value in self.attributes if (tag, name) == ("meta", "content") and "src" in value
        )

    def block(self, name: str) -> str:
        return next(text for attrs, text in self.scripts if attrs.get("id") == name)

    def unpacked(self, name: str):
        return json.loads(gzip.decompress(base64.b64decode(self.block(name))))

    @property
    def data(self):
        return json.loads(self.block("data"))

    @property
    def calls(self) -> list[dict[str, object]]:
        """The rows of the table by field, with coded words put back."""
        columns, rows = self.data["calls"]["columns"], self.unpacked("rows")
        return [
            {c["field"]: c["values"][cell] if "values" in c else cell for c, cell in zip(columns, row, strict=True)}
            for row in rows
        ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_sample(folder)
    render_report(folder)
    return folder


@pytest.fixture(scope="module")
def page(folder) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_the_same_run_renders_to_the_same_bytes(folder):
    before = (folder / "report.html").read_bytes()
    assert render_report(folder) == folder / "report.html"
    assert (folder / "report.html").read_bytes() == before


@pytest.mark.parametrize(
    "said",
    [
        "Keel Signals : FOLLOW . 1,000 USDT following it, compounded, became 1,555.47 (from 1,555.47 to 1,617.18 "
        "with the same-candle band); BTC held: 1,042.50.",
        f"{HOSTILE} : NOT ENOUGH DATA (about 211 more trades) . 1,000 USDT following it, compounded, became",
        "Quiet Desk : NOT ENOUGH DATA (about 260 more trades)",
        "About 60% of the channels here have no edge.",
        "better than random entries passed p 0.001, random −0.09R p at most 0.005",
        "touch through not made not known above 0R",
        "BTCUSDT bought at the start and held: 1,042.50.",
        "5m",
        f"Keel Signals {HOSTILE} 17 of 60 1.4 1m 35s",
        "Read this first 17 calls name symbols without candles",
        "600 calls of 4 channels",
        "rules/conservative.yaml:27",
        "unclaimed-number",
        "target first",
        "Fees: maker 0.02%, taker 0.06% since 2024-11-01",
        "Half acted within",
        "seed of the statistics: 7",
        "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
    ],
)
def test_the_report_says(page, said):
    assert said in page.text


def test_the_parts_come_in_their_order(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    parts = [
        "warnings",
        "said",
        *(f'id="{part}"' for part in ("verdict", "pictures", "origin", "account", "funnel-table", "rules")),
    ]
    places = [text.index(f'class="{p}' if "=" not in p else p) for p in (*parts, 'id="trades"', 'id="assumptions"')]
    assert places == sorted(places)


def test_only_listed_scripts_run_and_nothing_is_fetched(page):
    running = [text for attrs, text in page.scripts if "type" not in attrs]
    assert len(running) == 1
    running = [gzip.decompress(base64.b64decode(page.block("library"))).decode(), *running]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in running]
    assert page.policy == (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}' 'sha256-{hashes[1]}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    addresses = [value for _, name, value in page.attributes if name in ("src", "href", "action", "srcset", "data")]
    assert all(value.startswith("#") or value == "data:," for value in addresses)
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]


def test_hostile_text_is_shown_and_never_run(page, folder):
    packed = [{"type": "text/plain", "id": name} for name in ("library", "rows", "stories", "candles")]
    assert [attrs for attrs, _ in page.scripts] == [{"type": "application/json", "id": "data"}, *packed, {}]
    assert "49 trades" in page.text
    hostile = [row for row in page.calls if row["symbol"] == "=cmd()"]
    assert len(hostile) == 20
    assert {(row["channel"], row["layout"]) for row in hostile} == {(HOSTILE, "{{7*7}} ${7*7}")}
    assert {row["notes"] for row in hostile} == {f"'{HOSTILE} --ink  \u202e%{{x}}"}
    block = (folder / "report.html").read_text(encoding="utf-8").split('id="data">')[1].split("</script>")[0]
    assert not set("<>&\u2028\u2029") & set(block)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_hostile_names_everywhere_leave_the_page_whole(tmp_path, page, lang):
    evil = f"\"'></td></script>{HOSTILE}<img src=x onerror=alert(1)>\ud83d\x00{{{{7*7}}}}"
    rows = sample_calls()
    run = sample_run(rows)
    run = replace(
        run,
        strategy=evil,
        strategy_path=evil,
        timezone=evil,
        price_source=evil,
        warnings=[evil],
        assumptions=[evil],
        inputs={evil: evil},
        channels=[
            replace(c, name=evil, why=evil, verdict=evil, funnel=replace(c.funnel, calls={evil: 1}, reasons={evil: 1}))
            for c in run.channels
        ],
        account=replace(run.account, currency=evil, refusals=[{"rule": evil, "where": evil, "count": 1}, {}]),
    )
    save_run(tmp_path, run)
    calls = [replace(r, symbol=evil, status=evil, rule=evil, notes=evil, exits=evil, exit_reason=evil) for r in rows]
    write_calls(tmp_path / CALLS_FILE, calls)
    write_equity(tmp_path / EQUITY_FILE, np.array([0]), np.array([1.0]), np.array([0.0]))
    attacked = Page(render_report(tmp_path, lang).read_text(encoding="utf-8"))
    assert [attrs for attrs, _ in attacked.scripts] == [attrs for attrs, _ in page.scripts]
    assert not [tag for tag, _, _ in attacked.attributes if tag == "img"]
    assert HOSTILE in attacked.text
    assert "{{7*7}}" in attacked.text


@pytest.mark.parametrize("text", ["(" * 4000, "a: refused" * 400 + "(", "the the is of " * 400, "1 trade of " * 400])
def test_a_long_note_is_told_in_no_time(text):
    """A rule's note may hold a stranger's words: the sentences of the catalogue are tried in bounded time."""
    words = Words("tr")
    words.notes("")
    began = time.process_time()
    for _ in range(20):
        note_text(text, words)
    assert time.process_time() - began < 2


def test_a_table_row_holds_what_the_call_holds(page):
    (call,) = [row for row in sample_calls() if row.signal_id == "keel/1001"]
    (shown,) = [row for row in page.calls if row["signal_id"] == "keel/1001"]
    assert shown["channel"] == "Keel Signals"
    assert shown["symbol"] == call.symbol
    assert shown["stop"] == pytest.approx(call.stop, rel=1e-7)
    assert call.posted == "2025-03-03T11:43:36Z"
    assert shown["posted"] == "2025-03-03 13:43:36"  # in Sofia
    assert page.data["calls"]["columns"][6] == {"field": "r", "label": "R", "kind": "r"}


def test_what_a_call_did_by_itself_is_shown_where_the_account_did_otherwise(page):
    ended = 0
    for call, row in zip(page.calls, sample_calls(), strict=True):
        told = {own: call[own] for own in ACCOUNT if call.get(own) not in ("", None)}
        if row.exit_reason == "rule":
            ended += 1
            assert told == {
                "own_closed_at": show_time(moment_ms(row.own_closed_at), "Europe/Sofia"),
                "own_exit_reason": row.own_exit_reason,
                "own_r": round(row.own_r, 3),
            }
            assert (call["exit_reason"], call["r"]) == ("rule", round(row.r, 3))
        else:
            assert told == {}
    assert ended > 20


def test_the_messages_and_candles_of_the_calls_are_packed_in_the_order_of_the_rows(page):
    stories = page.unpacked("stories")
    candles = np.frombuffer(gzip.decompress(base64.b64decode(page.block("candles"))), "<u2")
    assert len(stories) == len(page.calls) == 600
    assert len(candles) == 5 * sum(chart[2] for _, _, chart in stories if chart)
    (place,) = [i for i, row in enumerate(page.calls) if row["signal_id"] == "keel/1007"]
    versions, moves, chart = stories[place]
    assert [version[1] for version in versions] == ["post", "edit", "deletion"]
    when, _, text, ((field, start, end),) = versions[0]
    assert (field, text[start:end]) == ("symbol", page.calls[place]["symbol"])
    assert when == page.calls[place]["posted"]
    assert [move[3] for move in moves] == ["entry", "target 1"]
    assert chart[1:3] == [60_000, 39]


def test_a_run_without_evidence_still_has_a_report(tmp_path):
    write_sample(tmp_path)
    (tmp_path / EVIDENCE_FILE).unlink()
    page = Page(render_report(tmp_path).read_text(encoding="utf-8"))
    assert page.unpacked("stories") == [None] * 600


DAMAGED = {
    "empty": b"",
    "no gzip": b"no gzip",
    "a list": gzip.compress(b"[]\n"),
    "half": gzip.compress(b'{"signal_id": "a"}\n'),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_damaged_evidence_is_refused_with_one_line(tmp_path, data):
    write_sample(tmp_path)
    (tmp_path / EVIDENCE_FILE).write_bytes(data)
    if not data:
        assert render_report(tmp_path).is_file()  # an empty file holds no calls
        return
    with pytest.raises(UnreadableRunError) as caught:
        render_report(tmp_path)
    assert EVIDENCE_FILE in str(caught.value)


def test_five_thousand_calls_fit_in_eight_megabytes(tmp_path):
    exits = "; ".join(f"target {k} 65000.125 x 0.25 @ 2025-05-04T15:40Z" for k in range(1, 5))
    rows = [replace(row, exits=exits, notes="stop moved to breakeven after target 1") for row in sample_calls() * 9]
    write_sample(tmp_path)
    write_calls(tmp_path / CALLS_FILE, rows)
    write_evidence(tmp_path / EVIDENCE_FILE, packed_evidence(_noisy(rows)))
    path = render_report(tmp_path)
    assert path.stat().st_size < 8_000_000
    shown = Page(path.read_text(encoding="utf-8")).unpacked("rows")
    assert len(rows) > len(shown) == SHOWN_CALLS
    assert "The latest 5,000 of 5,400; all of them stand in trades.csv." in path.read_text(encoding="utf-8")


def _noisy(rows: list[CallRow]) -> list[Evidence]:
    """Messages of 250 characters and charts of 60 candles that no packing shrinks much."""
    rng = np.random.default_rng(5)
    found = []
    for row in rows:
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, 60)))
        high, low = close * (1 + rng.uniform(0, 0.002, 60)), close * (1 - rng.uniform(0, 0.002, 60))
        candles = tuple(zip(range(60), close.tolist(), high.tolist(), low.tolist(), close.tolist(), strict=True))
        text = "".join(rng.choice(list("abcdefgh 0123456789\n"), 250))
        found.append(Evidence(row.signal_id, (Version(0, "post", text),), (), Chart(0, 60_000, candles)))
    return found


def test_a_run_without_channels_calls_or_account_still_has_a_report(tmp_path):
    run = sample_run(sample_calls())
    save_run(
        tmp_path,
        replace(run, channels=[], warnings=[], inputs={}, account=replace(run.account, start_equity=0.0, refusals=[])),
    )
    write_calls(tmp_path / CALLS_FILE, [])
    write_equity(tmp_path / EQUITY_FILE, np.array([]), np.array([]), np.array([]))
    text = Page(render_report(tmp_path).read_text(encoding="utf-8")).text
    assert "No channel had a call in this period." in text
    assert "No rule refused a trade." in text
    assert "there is no equity curve" in text
    assert "Read this first" not in text


def test_an_unknown_zone_falls_back_to_utc(tmp_path):
    run = write_sample(tmp_path)
    save_run(tmp_path, replace(run, timezone="Mars/Olympus"))
    assert "Times in UTC." in Page(render_report(tmp_path).read_text(encoding="utf-8")).text


def test_a_run_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(UnreadableRunError) as caught:
        render_report(tmp_path)
    assert str(caught.value) == f"{tmp_path / 'run.json'}: cannot be read: No such file or directory"
    assert not (tmp_path / "report.html").exists()


def test_embedded_data_reads_back_equal():
    data = {"a": [HOSTILE, "</script><!--", "&amp;", "\u2028\u2029", 1.5, None]}
    assert json.loads(embedded(data)) == data
