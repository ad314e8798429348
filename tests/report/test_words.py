"""The report in Turkish: the catalogue is whole, figures are written the Turkish way, names and messages stay."""

from __future__ import annotations

import re

import pytest

from engine.report.calltable import COLUMNS, DETAILS
from engine.report.html import PAGE_WORDS, TEMPLATES, render_report
from engine.report.words import LANGUAGES, Words, catalogue
from engine.verdict.checks import HARDER
from engine.verdict.verdict import Word
from tests.report.sample import HOSTILE, write_sample

TURKISH = Words("tr")
SLOT = re.compile(r"\{\w+\}")


def sentences() -> list[str]:
    """Every sentence that the templates ask for."""
    found = []
    for path in sorted(TEMPLATES.glob("*.j2")):
        text = path.read_text(encoding="utf-8")
        found += re.findall(r'\bt\(\s*"((?:[^"\\]|\\.)*)"', text)
        for title, note in re.findall(r'\("(?:spread|hits|excursion)", "([^"]*)", "([^"]*)"\)', text):
            found += [title, note]
    return [one for one in dict.fromkeys(found) if one not in ("rule", "where", "count")]


def test_the_page_is_whole_in_turkish() -> None:
    known = catalogue("tr")
    wanted = [*sentences(), *PAGE_WORDS, *(label for _, label, _ in (*COLUMNS, *DETAILS))]
    assert len(wanted) > 200
    assert [one for one in wanted if one not in known] == []
    assert [word for word in [*Word, *HARDER] if word not in known] == []


def test_no_slot_is_lost_or_invented() -> None:
    for english, turkish in catalogue("tr").items():
        assert sorted(SLOT.findall(english)) == sorted(SLOT.findall(turkish)), english


@pytest.mark.parametrize(
    ("english", "turkish"),
    [
        ("FOLLOW", "TAKİP ET"),
        ("NOT ENOUGH DATA (about 1,200 more trades)", "VERİ YETERSİZ (yaklaşık 1.200 işlem daha)"),
        (
            "1,000 USDT following it became 1,184.20 (from 1,160.00 to 1,221.00 with the same-candle band); "
            "BTC held: 1,092.00",
            "1.000 USDT ile takip etseydiniz 1.184,20 olurdu (aynı mum bandıyla 1.160,00 – 1.221,00); "
            "BTC tutulsaydı: 1.092,00",
        ),
        (
            "+0.40R a trade (95% interval +0.26R to +0.54R, 1,200 trades in 180 bursts): all 13 tests passed.",
            "işlem başına +0,40R (%95 aralığı +0,26R – +0,54R, 180 küme içinde 1.200 işlem): "
            "13 sınavın tamamı geçildi.",
        ),
        (
            "+0.15R a trade (95% interval -0.01R to +0.31R, 200 trades in 200 bursts): "
            "not shown: not luck (p 0.034); touch through (-0.02R).",
            "işlem başına +0,15R (%95 aralığı -0,01R – +0,31R, 200 küme içinde 200 işlem): "
            "gösterilemedi: şans değil (p 0,034); seviyeyi geçme şartı (-0,02R).",
        ),
        ("p 0.001, random -0.09R", "p 0,001, rastgele -0,09R"),
        ("3h 20m", "3 sa 20 dk"),
        ("57%", "%57"),
        ("2025-05-04 15:30:05", "2025-05-04 15:30:05"),
        ("rules/conservative.yaml:27", "rules/conservative.yaml:27"),
        ("what nobody translated, 1,234.5", "what nobody translated, 1.234,5"),
    ],
)
def test_sentences_of_a_run(english: str, turkish: str) -> None:
    assert TURKISH.line(english) == turkish
    assert Words("en").line(english) == english


def test_a_language_that_is_not_there_is_refused() -> None:
    assert LANGUAGES == ("en", "tr")
    with pytest.raises(KeyError):
        Words("bg")


def test_the_turkish_report_names_channels_as_they_are(tmp_path) -> None:
    write_sample(tmp_path)
    text = render_report(tmp_path, "tr").read_text(encoding="utf-8")
    assert '<html lang="tr">' in text
    assert "Keel Signals" in text
    assert HOSTILE not in text
    assert "TAKİP ET" in text
    assert "1.000 USDT ile takip etseydiniz" in text
    assert "p 0,001, rastgele −0,09R" in text
    assert "Hangi kanal takip etmeye değer: 4 kanal, 600 sinyal" in text
    body = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL)
    body = body.split("Önce bunu okuyun")[1].split("Varsayımlar")[0]
    assert set(re.findall(r"\b(?:channel|which|each|after)\b", body)) == set()
