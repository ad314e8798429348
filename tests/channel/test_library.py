"""``like``: what a profile takes over, what stays its own, and where a fault of the other is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.channel import load_profile
from engine.channel.library import Loaded
from engine.config.text import SourceText
from engine.pipeline.validate import validate_workspace
from engine.pipeline.workspace import Workspace
from tests.channel.helpers import CHAT, HEAD, concise, reads, signal

BASE = HEAD + "\nwords\ngoal = TP\nlong = PUMP\n\nnever\n- paper trade\n\nignore\n- Risk {any}%\n\n"
LINE = signal("{side: BUY} {symbol: BTC} at {entry: 64800} TP {target: 65000} SL {stop: 64500}", "line") + CHAT
EURO = 'channel "Euro"\nnumbers: 1.234,56\n\nlike "base"\n\ndefaults\nquote: USDC\n\n'
OWN = signal("{symbol: BTC} {side: BUY} von {entry: 64.800} bis {target: 65.000} sl {stop: 64.500}", "own") + CHAT


def workspace(root: Path, **texts: str) -> Workspace:
    (root / "channels").mkdir()
    for name, text in texts.items():
        (root / "channels" / f"{name}.channel").write_text(text, encoding="utf-8")
    return Workspace(root)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("BTC buy von 64.800,5 bis 65.000 sl 64.500",
         "symbol BTCUSDC, side long, entry 64800.5, targets 65000, stop 64500"),
        ("buy ETH at 3.480,5 TP 3.600 SL 3.400", "symbol ETHUSDC, side long, entry 3480.5, targets 3600, stop 3400"),
        ("pump ETH at 3.480 ziel 3.600 SL 3.400", "symbol ETHUSDC, side long, entry 3480, targets 3600, stop 3400"),
        ("buy ETH at 3.480 TP 3.600 SL 3.400\nRisk 2%",
         "symbol ETHUSDC, side long, entry 3480, targets 3600, stop 3400"),
        ("buy ETH at 3.480 TP 3.600 SL 3.400 paper trade", "refused: never"),
    ],
)  # fmt: skip
def test_layouts_words_and_phrases_are_taken_over_and_the_settings_stay(
    tmp_path: Path, message: str, expected: str
) -> None:
    folder = workspace(tmp_path, base=BASE + LINE, euro=EURO + "words\ngoal = Ziel\n\n" + OWN)
    loaded = folder.profile("euro")
    assert [one for one in folder.findings if one.severity == "error"] == []
    assert loaded is not None
    assert [layout.name for layout in loaded.layouts] == ["own", "line"]
    assert reads(loaded, message) == expected


def test_a_word_of_the_file_itself_goes_before_one_taken_over(tmp_path: Path) -> None:
    folder = workspace(tmp_path, base=BASE + LINE, euro=EURO + "words\nshort = PUMP\n\n" + OWN)
    loaded = folder.profile("euro")
    assert loaded is not None
    said = reads(loaded, "pump ETH at 3.480 TP 3.400 SL 3.600")
    assert said == "symbol ETHUSDC, side short, entry 3480, targets 3400, stop 3600"


def test_an_error_is_reported_once_and_in_its_own_file(tmp_path: Path) -> None:
    base = BASE + LINE.replace("{stop:", "{stopp:")
    folder = workspace(tmp_path, base=base, euro=EURO + OWN, other=EURO + OWN)
    errors = [one for one in validate_workspace(folder).findings if one.severity == "error"]
    assert [(one.path, one.code) for one in errors] == [("channels/base.channel", "D205")]
    assert [folder.profile(name) for name in ("base", "euro", "other")] == [None, None, None]


def test_a_ring_is_reported_where_it_closes(tmp_path: Path) -> None:
    one = EURO.replace('"base"', '"two"') + OWN
    folder = workspace(tmp_path, one=one, two=EURO.replace('"base"', '"one"') + OWN)
    assert folder.profile("one") is None
    (found,) = [one for one in folder.findings if one.severity == "error"]
    assert concise(found).startswith('channels/two.channel:4:6: error[D215] "one" would take itself over: one -> two')


def test_what_two_profiles_took_from_a_third_stands_once(tmp_path: Path) -> None:
    via = 'channel "Via"\nlike "base"\n' + CHAT
    both = 'channel "Both"\nlike "left"\nlike "right"\nlike "base"\n' + CHAT
    folder = workspace(tmp_path, base=BASE + LINE, left=via, right=via, both=both)
    loaded = folder.profile("both")
    assert folder.findings == []
    assert loaded is not None
    assert (len(loaded.layouts), len(loaded.never), len(loaded.ignore)) == (1, 1, 1)


def test_what_profiles_of_one_folder_take_over_is_read_once() -> None:
    texts = {"base": BASE + LINE, "via": 'channel "Via"\nlike "base"\n' + CHAT}
    asked: list[str] = []

    def find(name: str) -> SourceText | None:
        asked.append(name)
        return SourceText(f"{name}.channel", texts[name])

    source = SourceText("euro.channel", EURO.replace('"base"', '"via"') + OWN)
    loaded: Loaded = {}
    profiles = [load_profile(source, name, find, (), loaded)[0] for name in ("one", "two")]
    assert asked == ["via", "base", "via"]
    assert sorted(loaded) == ["base", "via"]
    alone = load_profile(source, "two", find)[0]
    for message in ("pump ETH at 3.480 TP 3.600 SL 3.400", "BTC buy von 64.800 bis 65.000 sl 64.500", "paper trade"):
        said = {reads(one, message) for one in (*profiles, alone) if one is not None}
        assert len(said) == 1, said
    assert None not in profiles


def test_a_profile_with_an_error_is_taken_over_by_nobody_and_read_anew() -> None:
    base = SourceText("base.channel", BASE + LINE.replace("{stop:", "{stopp:"))
    loaded: Loaded = {}
    for name in ("one", "two"):
        made, found = load_profile(SourceText("euro.channel", EURO + OWN), name, lambda _: base, (), loaded)
        assert made is None
        assert [(one.path, one.code) for one in found if one.severity == "error"] == [("base.channel", "D205")]
    assert loaded == {}


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder = workspace(tmp_path, euro=EURO.replace('"base"', '"../secret"') + OWN)
    (tmp_path / "secret.channel").write_text(BASE + LINE, encoding="utf-8")
    assert folder.profile("euro") is None
    assert [one.code for one in folder.findings if one.severity == "error"] == ["D214"]


def test_a_word_that_only_a_layout_taken_over_uses_is_used(tmp_path: Path) -> None:
    folder = workspace(tmp_path, base=BASE + LINE, euro=EURO + "words\ngoal = Ziel\n" + CHAT)
    assert folder.profile("euro") is not None
    assert folder.findings == []
    source = SourceText("alone.channel", EURO + "words\ngoal = Ziel\n" + CHAT)
    assert {one.code for one in load_profile(source, "alone")[1]} == {"D214"}
