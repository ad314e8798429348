"""Worlds of channels whose skill is known, to see how often the verdict is wrong.

``python -m tests.verdict.worlds`` runs everything once and prints the tables of docs/verdict.md (some minutes).

A ladder's R is drawn from six outcomes between a stop and the last target (skew +1.26), scaled to a mean and a
standard deviation. The harder readings of a channel cost it 0.02R to 0.05R, as they do with real candles; its random
entries are draws of the same calls by the law without skill.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from engine.verdict.checks import HARDER, Record
from engine.verdict.random_entry import RandomEntry
from engine.verdict.verdict import Verdict, Word, judge

HOUR = 3_600_000
LADDER = np.array([-1.05, -0.02, 0.35, 1.0, 2.1, 4.2])
CHANCE = np.array([0.47, 0.10, 0.15, 0.14, 0.10, 0.04])
MEAN = float(LADDER @ CHANCE)
SIGMA = float(np.sqrt((LADDER - MEAN) ** 2 @ CHANCE))
COINS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT")
DRAWS = 1000


def ladder(rng: np.random.Generator, trades: int, mean: float, sigma: float) -> Record:
    """A channel of ladders, a trade a day."""
    law = (LADDER - MEAN) / SIGMA * sigma
    r = mean + rng.choice(law, trades, p=CHANCE)
    luck = rng.multinomial(trades, CHANCE, DRAWS) @ law / trades
    return record(rng, r, np.arange(trades) * 24 * HOUR, luck)


def bursts(rng: np.random.Generator, number: int, size: int, correlation: float, sigma: float) -> Record:
    """A channel without skill whose trades come ``size`` at once and go the same way (a normal copula)."""

    def draw(bursts: int) -> np.ndarray:
        common = rng.standard_normal((bursts, 1)) * correlation**0.5
        normal = common + rng.standard_normal((bursts, size)) * (1 - correlation) ** 0.5
        place = np.searchsorted(np.cumsum(CHANCE), ndtr(normal)).clip(0, len(LADDER) - 1)
        return (LADDER[place] - MEAN) / SIGMA * sigma

    r = draw(number).ravel()
    luck = draw(number * DRAWS).reshape(DRAWS, -1).mean(axis=1)
    return record(rng, r, np.repeat(np.arange(number), size) * 24 * HOUR, luck)


def far_stop(rng: np.random.Generator, trades: int) -> Record:
    """Stop 9% away, target 1% away, no skill and no costs: nine trades in ten are won."""
    r = np.where(rng.random(trades) < 0.9, 1 / 9, -1.0)
    won = rng.binomial(trades, 0.9, DRAWS)
    return record(rng, r, np.arange(trades) * 24 * HOUR, (won / 9 - (trades - won)) / trades)


def record(rng: np.random.Generator, r: np.ndarray, start: np.ndarray, luck: np.ndarray) -> Record:
    """What a channel with these trades and these random entries is judged by."""
    mean = float(r.mean())
    p = (1 + int((luck >= mean - 1e-12).sum())) / (len(luck) + 1)
    low, high = np.quantile(luck, (0.05, 0.95)).tolist()
    return Record(
        r=r,
        start_ms=start,
        end_ms=start + 5 * HOUR,
        symbols=rng.choice(COINS, len(r)).tolist(),
        readings={name: mean - float(rng.uniform(0.02, 0.05)) for name in HARDER},
        worst_case=mean - 0.05,
        random=RandomEntry(p, mean, float(luck.mean()), low, high, len(luck), len(r), len(r)),
    )


def skilled_world(rng: np.random.Generator, sigma: float, mean: float = 0.3, trades: int = 300) -> list[Record]:
    """Twenty channels of 300 trades; the first three have an edge."""
    return [ladder(rng, trades, mean if i < 3 else 0.0, sigma) for i in range(20)]


def followed(verdicts: list[Verdict]) -> np.ndarray:
    """Which channels got FOLLOW."""
    return np.array([verdict.word is Word.FOLLOW for verdict in verdicts])


def share(worlds: int, seed: int, made: Callable[[np.random.Generator], list[Record]]) -> np.ndarray:
    """Which channels of seeded worlds got FOLLOW, shape (worlds, channels)."""
    found = []
    for number in range(worlds):
        found.append(followed(judge(made(np.random.default_rng([seed, number])), seed=number)))
    return np.array(found)


def main(worlds: int) -> None:
    """The acceptance lines with ``worlds`` worlds of each kind, the tables around them with a quarter."""
    began = time.monotonic()
    for sigma in (1.3, 1.0, 1.6):
        for trades in (300, 160, 600):
            number = worlds if trades == 300 else worlds // 4
            got = share(number, 1, lambda rng, s=sigma, n=trades: [ladder(rng, n, 0.0, s) for _ in range(20)])
            some = got.any(axis=1).mean()
            print(f"no skill, sigma {sigma}, {trades} trades: FOLLOW in {some:.1%} of {number} worlds", flush=True)
    for sigma in (1.3, 1.0, 1.6):
        for mean in (0.3, 0.2, 0.4):
            for trades in (300, 450, 600):
                number = worlds if (mean, trades) == (0.3, 300) else worlds // 4
                got = share(number, 2, lambda rng, s=sigma, m=mean, n=trades: skilled_world(rng, s, m, n))
                power, false = got[:, :3].mean(), got[:, 3:].sum() / max(1, got.sum())
                said = f"FOLLOW {power:.1%} of {3 * number}, {false:.1%} of all FOLLOW false"
                print(f"3 of 20 at {mean:+.1f}R, sigma {sigma}, {trades} trades: {said}", flush=True)
    for bunches, size in ((12, 8), (60, 8), (300, 8), (400, 3)):
        number = worlds // 4
        got = share(number, 3, lambda rng, n=bunches, k=size: [bursts(rng, n, k, 0.6, 1.3) for _ in range(20)])
        said = f"FOLLOW {got.mean():.2%} of {got.size} channels, in {got.any(axis=1).mean():.1%} of worlds"
        print(f"{bunches} bursts of {size}: {said}", flush=True)
    for trades in (160, 300, 600):
        got = share(20 * worlds, 4, lambda rng, n=trades: [far_stop(rng, n)])
        print(f"9% stop, 1% target, {trades} trades, alone: FOLLOW {got.sum()} of {got.size}", flush=True)
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
