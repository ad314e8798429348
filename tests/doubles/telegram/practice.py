"""The workspace that the double writes for a person: two profiles, a strategy, and where both servers are found."""

from __future__ import annotations

from pathlib import Path

PROFILE = """channel "{title}"
source: telegram @{name}
numbers: 1,234.56

words
long = BUY
short = SELL
stop = SL

# BUY BTCUSDT @ 64800, TP 65000, SL 64500; the entry may be the word market too
signal "levels"
<<<
{{side: BUY}} {{symbol: BTCUSDT}} @ {{entry: 64800}}, TP {{target: 65000}}, SL {{stop: 64500}}
>>>

# BUY BTCUSDT @ market, TP 1%, SL 1%
signal "distances"
<<<
{{side: BUY}} {{symbol: BTCUSDT}} @ {{entry: market}}, TP {{target: 1%}}, SL {{stop: 1%}}
>>>

update close
<<<
close {{symbol: BTCUSDT}}
>>>

test "chat is no call"
<<<
gm traders
>>>
expect nothing
"""
STRATEGY = """# A strategy to practise with: python cli.py paper practice. docs/strategy.md explains every key.
name: practice
channels: [{channels}]
market: {{source: mexc, type: swap, timeframe: 1m}}
account: {{equity: 10000 USDT, leverage: 5}}
size: {{risk: 1%}}
entry: {{latency: 1s, valid for: 1h}}
exit: {{targets: {{shares: [100%]}}, stop: {{missing: refuse}}}}
costs: {{fees: mexc, slippage: 2bp, funding: none}}
"""
CONTROL = "PRACTICE_TELEGRAM"
CHANNELS = {"alpha_signals": "Alpha Signals", "beta_calls": "Beta Calls"}


def write_workspace(folder: Path, env: str, channels: dict[str, str]) -> None:
    """The profiles of the channels (name: title), and the .env. Files that a person may have changed stay."""
    (folder / "channels").mkdir(parents=True, exist_ok=True)
    for name, title in channels.items():
        _write_new(folder / "channels" / f"{name}.channel", PROFILE.format(name=name, title=title))
    path = folder / ".env"
    path.touch(mode=0o600)
    path.write_text(env, encoding="utf-8")


def write_strategy(folder: Path, channels: dict[str, str]) -> None:
    """A strategy that trades the channels."""
    (folder / "strategies").mkdir(parents=True, exist_ok=True)
    _write_new(folder / "strategies" / "practice.yaml", STRATEGY.format(channels=", ".join(channels)))


def control_of(folder: Path) -> str:
    """Where the double that wrote a workspace listens for words of people; "" where none did."""
    path = folder / ".env"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return next((line.partition("=")[2] for line in lines if line.startswith(f"{CONTROL}=")), "")


def _write_new(path: Path, text: str) -> None:
    if not path.exists():
        path.write_text(text, encoding="utf-8")
