"""Load a strategy file: read it, hold it against the schema, check what a schema cannot say, build the ``Strategy``.

The names that a strategy uses (channels, rule files) stand in other files. They come back with their spans, so that
whoever knows those files can report the unknown ones with ``unknown_reference``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engine.config.building import (
    AFTER,
    EACH,
    TRAIL,
    after_targets,
    build_strategy,
    funding_of,
    has_funding,
    impact_of,
    rungs_of,
)
from engine.config.diagnostics import Diagnostic, Related, diagnose, did_you_mean
from engine.config.document import Document, read_document
from engine.config.exchanges import NOT_AN_EXCHANGE, exchange_names
from engine.config.strategy import Strategy
from engine.config.testhosts import Refused, practice_address_of
from engine.config.text import SourceText, Span
from engine.config.yamlfile import Path
from engine.units import DAY_MS, duration_ms, fraction, money, show_count

REFERENCES = {"channel": ("X001", "channels/{}.channel"), "rules": ("X002", "rules/{}.yaml")}
SYNTHETIC = "such as period: {from: 2025-01-01, to: 2025-07-01}"
NO_PERIOD = "a synthetic market needs a period with from and to"
NO_PERIOD_HINT = f"{SYNTHETIC}; a backtest takes --from and --to as well"
LONGEST_SYNTHETIC_MS = 3 * 366 * DAY_MS
EXAMPLE_SHARES = {1: "[100%]", 2: "[60%, 40%]", 3: "[50%, 30%, 20%]", 4: "[40%, 30%, 20%, 10%]"}


@dataclass(frozen=True, slots=True)
class References:
    """The names of other files in a strategy and where each stands."""

    channels: dict[str, Span]
    rules: dict[str, Span]


@dataclass(frozen=True, slots=True)
class StrategyFile:
    """A strategy, its file, and where in it the fees stand."""

    strategy: Strategy
    source: SourceText
    fees_span: Span


def load_strategy(source: SourceText) -> tuple[StrategyFile | None, list[Diagnostic]]:
    """A strategy file, None when it has errors, and everything found in it. Never raises."""
    document = checked(source)
    if document.failed:
        return None, document.ordered
    loaded = StrategyFile(
        build_strategy(document.file.data, source.path),
        source,
        document.file.span(("costs", "fees")),
    )
    return loaded, document.ordered


def checked(source: SourceText) -> Document:
    """A strategy file with everything found in it. Never raises."""
    document = read_document(source, "strategy")
    _check_names(document)
    _check_source(document)
    _check_period(document)
    _check_money(document)
    _check_costs(document)
    _check_testnet(document)
    _check_paper(document)
    for at in ((), *(("overrides", channel) for channel in document.keys("overrides"))):
        _check_entry(document, at)
        _check_exit(document, at)
    return document


def references(source: SourceText) -> References:
    """What a strategy names, also when something else is wrong with it; nothing where the names themselves are."""
    document = read_document(source, "strategy")
    named = [document.spans(key) if document.sound(key) else {} for key in ("channels", "rules")]
    return References(*named)


def unknown_reference(kind: str, name: str, span: Span, source: SourceText, known: Mapping[str, Related]) -> Diagnostic:
    """A finding for a name that no file has.

    ``kind`` is ``channel`` or ``rules``; ``known`` maps the names that there are to the places that define them.
    """
    code, place = REFERENCES[kind]
    near = did_you_mean(name, known)
    other = (known[near.split('"')[1]],) if near else ()
    listed = f"{kind} files here: {', '.join(sorted(known))}" if known else f"create {place.format(name)}"
    return diagnose(source, span, code, f"there is no {place.format(name)}", near or listed, related=other)


def _check_names(document: Document) -> None:
    """No name twice, and overrides only for channels of this strategy."""
    channels = document.get("channels", default=[])
    document.refuse_repeats("channel", [("channels", i) for i in range(len(channels))])
    document.refuse_repeats("rule file", [("rules", i) for i in range(len(document.get("rules", default=[])))])
    for name in document.keys("overrides"):
        if document.sound("channels") and name not in channels:
            hint = did_you_mean(name, channels) or f"channels of this strategy: {', '.join(channels)}"
            message = f'an override for "{name}", which is not among the channels'
            document.report(("overrides", name), "R107", message, hint, at_key=True)


def _check_source(document: Document) -> None:
    """Prices come from somewhere that exists."""
    source, known = document.get("market", "source"), exchange_names()
    if source and known and source not in (*NOT_AN_EXCHANGE, *known):
        hint = did_you_mean(source, [*NOT_AN_EXCHANGE, *known]) or "write imported, or an exchange such as mexc"
        document.report(("market", "source"), "R112", f'"{source}" is not an exchange that prices can come from', hint)


def _check_period(document: Document) -> None:
    """Both ends are dates, in order.

    A synthetic market without a period is only warned of: a backtest may be given one by its options.
    """
    start, end = document.moment("period", "from"), document.moment("period", "to")
    if start is not None and end is not None and start >= end:
        given = document.get("period", "from")
        hint = f'"to" is the first moment that counts no more; write a later one than {given}'
        document.report(("period", "to"), "R101", f'the period ends before it begins: "from" is {given}', hint)
    elif document.get("market", "source") == "synthetic" and document.sound("period"):
        if start is None or end is None:
            at: Path = ("period",) if document.get("period") is not None else ("market", "source")
            document.report(at, "R113", NO_PERIOD, NO_PERIOD_HINT, severity="warning")
        elif end - start > LONGEST_SYNTHETIC_MS:
            document.report(("period", "to"), "R113", "a synthetic market lasts three years at most", SYNTHETIC)


def _check_money(document: Document) -> None:
    """Equity and size are above zero, of one currency, and within the leverage."""
    equity = document.get("account", "equity")
    if equity and money(equity)[0] <= 0:
        _out_of_range(document, ("account", "equity"), "more than 0", "1000 USDT")
    risk, share, fixed = (document.get("size", kind) for kind in ("risk", "fraction", "fixed"))
    leverage = document.get("account", "leverage", default=1)
    if risk and not 0 < fraction(risk) <= 1:
        _out_of_range(document, ("size", "risk"), "more than 0% and at most 100%", "1%")
    if share and not 0 < fraction(share) <= leverage:
        limit = f"more than 0% and at most {leverage:.0%}, the account's leverage"
        _out_of_range(document, ("size", "fraction"), limit, "10%")
    if fixed and money(fixed)[0] <= 0:
        _out_of_range(document, ("size", "fixed"), "more than 0", "100 USDT")
    if fixed and equity and money(fixed)[1] != money(equity)[1]:
        message = f"the size is in {money(fixed)[1]}, the account in {money(equity)[1]}"
        document.report(("size", "fixed"), "R109", message, f"write fixed: 100 {money(equity)[1]}")


def _check_costs(document: Document) -> None:
    """Costs are plausible, and only what has funding is charged for it."""
    for path in (("costs", "slippage"), ("costs", "fees", "maker"), ("costs", "fees", "taker")):
        given = document.get(*path)
        if given and abs(fraction(given)) > 0.1:
            _out_of_range(document, path, "10% at most", "0.05%")
    funding = document.get("costs", "funding")
    market, source = document.get("market", "type"), document.get("market", "source")
    rates = [rate for rate in funding_of(funding) if isinstance(rate, float)] if funding else []
    if any(abs(rate) > 0.1 for rate in rates):
        _out_of_range(document, ("costs", "funding"), "10% per 8 hours at most", "0.01%")
    impact = document.get("costs", "impact")
    if impact and impact != "none" and not 0 < impact_of(impact) <= 10:
        _out_of_range(document, ("costs", "impact"), "a factor of more than 0 and 10 at most", "square root x 1")
    if funding and funding.startswith("history") and market and source and not has_funding(market, source):
        what = "the synthetic market" if source == "synthetic" else "a spot market"
        document.report(("costs", "funding"), "R108", f"{what} has no funding history", "write funding: none")
    if source != "synthetic" and source and document.get("market", "seed") is not None:
        message = "a seed has no effect: only the synthetic market is made from one"
        document.report(("market", "seed"), "R110", message, "delete it", at_key=True, severity="warning")


def _check_testnet(document: Document) -> None:
    """Orders go to a declared test host, and are for contracts of MEXC, the only ones that the broker can place."""
    address = document.get("testnet", "address")
    if address is None:
        return
    checked = practice_address_of(address)
    if isinstance(checked, Refused):
        document.report(("testnet", "address"), "R120", checked.why, checked.hint)
    market, source = document.get("market", "type"), document.get("market", "source")
    if (market and market != "swap") or (source and source != "mexc"):
        message = f"orders can be practised for contracts of MEXC, not for {source} {market}"
        document.report(("testnet",), "R121", message, "write market: {source: mexc, type: swap, ...}", at_key=True)


def _check_paper(document: Document) -> None:
    """A call is not stale before it can be acted on."""
    stale = document.get("paper", "stale after")
    if stale and duration_ms(stale) < 1000:
        _out_of_range(
            document, ("paper", "stale after"), "at least 1s, because Telegram's times are whole seconds", "5m"
        )


def _check_entry(document: Document, at: Path) -> None:
    """Durations and rungs are in range."""
    entry = (*at, "entry")
    latency, valid, zone = (document.get(*entry, key) for key in ("latency", "valid for", "zone"))
    if latency and duration_ms(latency) < 1000:
        _out_of_range(document, (*entry, "latency"), "at least 1s, because Telegram's times are whole seconds", "5s")
    if valid and duration_ms(valid) <= 0:
        _out_of_range(document, (*entry, "valid for"), "more than 0s", "24h")
    weights = document.get(*entry, "weights", default=[])
    _check_parts(document, (*entry, "weights"), [] if isinstance(weights, str) else [fraction(w) for w in weights])
    if zone and zone.startswith("ladder ") and not 1 <= rungs_of(zone) <= 10:
        _out_of_range(document, (*entry, "zone"), "1 to 10 orders", "ladder 3")


def _check_exit(document: Document, at: Path) -> None:
    """Shares sum to 100%, and the stop moves once, while something is left to protect."""
    path = (*at, "exit")
    close = document.get(*path, "close after")
    if close and duration_ms(close) <= 0:
        _out_of_range(document, (*path, "close after"), "more than 0s", "3d")
    given = document.get(*path, "targets", "shares", default=[])
    shares = [] if isinstance(given, str) else [fraction(text) for text in given]
    _check_parts(document, (*path, "targets", "shares"), shares)
    trailing = (*path, "trailing")
    distance = document.get(*trailing, "distance")
    if distance and float(TRAIL.fullmatch(distance)[1]) <= 0:  # type: ignore[index]
        _out_of_range(document, (*trailing, "distance"), "more than 0", "1%")
    if document.get(*trailing, "after target") and document.get(*trailing, "after gain"):
        message = "a trailing stop starts after a target or after a gain, not after both"
        document.report((*trailing, "after gain"), "R106", message, "delete one of the two lines", at_key=True)
    for key in ("missing", "at"):
        text = document.get(*path, "stop", key)
        if text and text[0].isdigit() and float(text.rstrip("%R ")) <= 0:
            _out_of_range(document, (*path, "stop", key), "more than 0", "5%")
    if document.sound(*path):
        _check_moves(document, path, len(shares), isinstance(given, str))


def _check_moves(document: Document, path: Path, count: int, is_split: bool) -> None:
    """Stop moves have an effect: something is left, each goes further than the one before, to an earlier target."""
    if not count and not is_split:
        common = document.get("exit", "targets", "shares", default=["100%"])
        count, is_split = (0, True) if isinstance(common, str) else (len(common), False)
    after = sorted(after_targets(document.get(*path, default={})))
    reached = {"breakeven": 0, "breakeven with fees": 0.5}
    best, since = -1.0, 0
    for number in after:
        text = document.get(*path, f"{AFTER}{number}", "move stop")
        level = float(reached.get(text, 0) or (text.removeprefix("target ") if text not in reached else 0))
        if level >= number:
            message = f"target {level:g} has not been reached after target {number}"
            hint = "write an earlier target, or breakeven"
            document.report((*path, f"{AFTER}{number}", "move stop"), "R106", message, hint)
        elif level <= best:
            message = f"the stop is at {_named(best)} already, since target {since}"
            document.report((*path, f"{AFTER}{number}"), "R106", message, "delete this line", at_key=True)
        best, since = (level, number) if level > best else (best, since)
    if after and EACH in document.keys(*path):
        message = f'"{EACH}" moves the stop already'
        document.report((*path, f"{AFTER}{after[0]}"), "R106", message, "delete this line", at_key=True)
    elif after and not is_split and after[0] >= count:
        message = f"with {show_count(count, 'share')} nothing is left after target {after[0]}"
        hint = "it acts only on calls that name more shares of their own; move the stop earlier, or add a share"
        document.report((*path, f"{AFTER}{after[0]}"), "R106", message, hint, at_key=True, severity="warning")


def _named(level: float) -> str:
    """Where a stop stands, in words."""
    return f"target {level:g}" if level >= 1 else "breakeven"


def _check_parts(document: Document, path: Path, parts: list[float]) -> None:
    """Parts are above zero and sum to 100%."""
    for i, part in enumerate(parts):
        if not part:
            _out_of_range(document, (*path, i), "more than 0%", "20%")
    if parts and not math.isclose(sum(parts), 1, abs_tol=1e-9):
        hint = f"write {path[-1]}: {EXAMPLE_SHARES.get(len(parts), EXAMPLE_SHARES[3])}"
        message = f"the {path[-1]} sum to {round(sum(parts) * 100, 6):g}%, not to 100%"
        document.report(path, "R103", message, hint)


def _out_of_range(document: Document, path: Path, limit: str, example: str) -> None:
    """A value that has the right form but cannot be meant."""
    key = next(part for part in reversed(path) if isinstance(part, str))
    example = f"{key}: {example}" if isinstance(path[-1], str) else example
    document.report(path, "R104", f'"{document.get(*path)}" is out of range: {limit}', f"write {example}")
