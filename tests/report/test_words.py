"""The report in Turkish: the catalogue is whole, figures are written the Turkish way, names and messages stay."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.domain import EntryKind, ExitReason, PathStatus, Side
from engine.report.calltable import COLUMNS, DETAILS, exits_text
from engine.report.html import PAGE_WORDS, render_report
from engine.report.reasons import REASONS
from engine.report.templating import TEMPLATES
from engine.report.words import LANGUAGES, Words, catalogue
from engine.risk.condition import Case
from engine.risk.conditions import CONDITIONS
from engine.verdict.checks import HARDER
from engine.verdict.verdict import Word
from tests.report.sample import HOSTILE, write_sample
from tests.risk.test_agreement import limits_of, read
from tests.risk.world import offers_of, one_account

TURKISH = Words("tr")
ENGLISH = re.compile(r"\b(?:the|is|of|are|limit|trade|trades|list|ago|closed|account|equity|not|known|call|calls)\b")
SLOT = re.compile(r"\{\w+\}")


def sentences() -> list[str]:
    """Every sentence that the templates ask for, also those in loops over titles."""
    found = []
    for path in sorted(TEMPLATES.glob("*.j2")):
        text = path.read_text(encoding="utf-8")
        found += re.findall(r'\bt\(\s*"((?:[^"\\]|\\.)*)"', text)
        found += re.findall(r'\("(?:spread|hits|excursion)", "([^"]*)"\)', text)
    return [one for one in dict.fromkeys(found) if one not in ("rule", "where", "count")]


def test_the_page_is_whole_in_turkish() -> None:
    known = catalogue("tr")
    wanted = [*sentences(), *PAGE_WORDS, *(label for _, label, _ in (*COLUMNS, *DETAILS))]
    assert len(wanted) > 200
    assert [one for one in wanted if one not in known] == []
    fates = [*PathStatus, "repeat", "opposite", "no stop", "stop too near", "stop beyond liquidation", "hindsight"]
    said = [*Word, *HARDER, *ExitReason, *fates, *Side, *EntryKind, *REASONS.values()]
    assert [word for word in said if word not in known] == []


@pytest.mark.parametrize("key", sorted(CONDITIONS))
def test_what_a_rule_saw_is_said_in_turkish(key: str) -> None:
    """Whatever a condition sees of some hundred calls and accounts: no sentence stays English."""
    offers = offers_of(150, seed=8)
    _ = offers.market, offers.standings, offers.verdicts
    condition, rng = CONDITIONS[key], np.random.default_rng(9)
    for limit in limits_of(key):
        for row in range(0, 150, 3):
            trade = offers.proposal(row, float(rng.choice([0.1, 5.0, 50.0])))
            finding = condition.look(read(key, limit), Case(trade, one_account(trade.act_ms, rng), "Europe/Sofia"))
            text = f"{finding.text[0].upper()}{finding.text[1:]}: refused (my reason; 5%)."
            told = TURKISH.notes(text)
            assert told.endswith(": reddedildi (my reason; 5%)."), told
            assert not ENGLISH.search(told.removesuffix("(my reason; 5%).")), (text, told)


@pytest.mark.parametrize(
    ("english", "turkish"),
    [
        (
            "The trade risks 2.00% of the equity, the limit is 1.00%: size cut to 50% (one percent is enough).",
            "İşlem özkaynağın %2,00 kadarını riske atıyor, sınır %1,00: büyüklük %50 oranına indirildi "
            "(one percent is enough).",
        ),
        (
            "The account lost 6.00% since the day began, the limit is a loss of 5.00%: refused, and no new trades "
            "until 2025-05-05 00:00 (Europe/Sofia).; halted by daily-stop until 2025-05-05 00:00",
            "Hesap gün başından beri %6,00 kaybetti, sınır %5,00 kayıp: reddedildi ve 2025-05-05 00:00 (Europe/Sofia) "
            "saatine kadar yeni işlem yok.; daily-stop kuralı 2025-05-05 00:00 saatine kadar durdurdu",
        ),
        (
            "The trade has no stop and the leverage is 20, the limit is 5: refused.",
            "İşlemin stopu yok ve kaldıraç 20, sınır 5: reddedildi.",
        ),
    ],
)
def test_notes_of_rules(english: str, turkish: str) -> None:
    assert TURKISH.notes(english) == turkish
    assert Words("en").notes(english) == english


def test_exits_are_told_in_the_reader_s_words_zone_and_ticks() -> None:
    exits = "target 1 65000 x 0.5 @ 2025-05-04T15:40:00Z; moved stop 64990.5 x 0.5 @ 2025-05-04T16:00:00Z"
    assert exits_text(exits, 1, "Europe/Sofia", Words("en")) == (
        "target 1: 65000.0 × 0.5, 2025-05-04 18:40; moved stop: 64990.5 × 0.5, 2025-05-04 19:00"
    )
    assert exits_text(exits, 1, "Europe/Sofia", TURKISH) == (
        "hedef 1: 65000,0 × 0,5, 2025-05-04 18:40; taşınan stop: 64990,5 × 0,5, 2025-05-04 19:00"
    )
    assert exits_text("", 1, "UTC", TURKISH) == ""
    assert exits_text("<b>=1+1\n", 1, "UTC", TURKISH) == "<b>=1+1 "


def test_no_slot_is_lost_or_invented() -> None:
    for english, turkish in catalogue("tr").items():
        assert sorted(SLOT.findall(english)) == sorted(SLOT.findall(turkish)), english


@pytest.mark.parametrize(
    ("english", "turkish"),
    [
        ("FOLLOW", "TAKİP ET"),
        ("NOT ENOUGH DATA (about 1,200 more trades)", "VERİ YETERSİZ (yaklaşık 1.200 işlem daha)"),
        (
            "1,000 USDT following it, compounded, became 1,184.20 (from 1,160.00 to 1,221.00 with the same-candle "
            "band); BTC held: 1,092.00",
            "1.000 USDT ile, bileşik olarak, takip etseydiniz 1.184,20 olurdu (aynı mum bandıyla 1.160,00 – 1.221,00); "
            "BTC tutulsaydı: 1.092,00",
        ),
        (
            "1,000 USDT following it, compounded, became 1,184.20; BTC held: 1,092.00",
            "1.000 USDT ile, bileşik olarak, takip etseydiniz 1.184,20 olurdu; BTC tutulsaydı: 1.092,00",
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
    assert "1.000 USDT ile, bileşik olarak, takip etseydiniz" in text
    assert "p 0,001, rastgele −0,09R" in text
    assert "Hangi kanal takip etmeye değer: 4 kanal, 600 sinyal" in text
    body = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL)
    body = body.split("Önce bunu okuyun")[1].split("Varsayımlar")[0]
    assert set(re.findall(r"\b(?:channel|which|each|after)\b", body)) == set()
