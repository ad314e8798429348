"""Which notation do these numbers have? Decided only where a number can be written in one way alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from engine.channel.text.numbers import NOTATIONS

LARGEST_TYPO_SHARE = 0.02


def decide_notation(numbers: Iterable[str]) -> str | None:
    """The notation of folded numbers such as ``64,800.5``, or None where the evidence does not decide.

    ``0.0562``, ``.405`` and ``12.5`` prove a decimal sign, ``1,234.5`` and ``1.234.567`` a sign of thousands;
    ``64.800`` proves nothing, because it may be either. A few typing errors do not count against a notation.
    """
    found = Counter(number for number in numbers if not number.isdecimal())
    if not found:
        return "1234.56"  # whole numbers read alike in every notation; this one takes the fewest others
    proofs: Counter[tuple[str, str]] = Counter()
    for number, count in found.items():
        body = number.partition("k")[0]
        signs = [char for char in body if char in ".,"]
        if len(set(signs)) == 2 and signs.index(signs[-1]) == len(signs) - 1:
            proofs["thousands", signs[0]] += count
            proofs["decimal", signs[-1]] += count
        elif len(signs) > 1 and re.fullmatch(r"[1-9]\d{0,2}(?:[.,]\d{3})+", body):
            proofs["thousands", signs[0]] += count
        elif len(signs) == 1 and not re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", body):
            proofs["decimal", signs[0]] += count
    total = proofs.total()
    decimal = max(".,", key=lambda sign: proofs["decimal", sign])
    other = "," if decimal == "." else "."
    against = proofs["decimal", other] + proofs["thousands", decimal]
    if not total or against > LARGEST_TYPO_SHARE * total or not proofs["decimal", decimal]:
        # only a sign of thousands is proven: the decimals, if there are any, have the other sign
        for sign in ".,":
            if proofs["thousands", sign] and proofs["thousands", sign] == total:
                return "1,234.56" if sign == "," else "1.234,56"
        return None
    groups = any(other in number for number in found)
    names = {(".", True): "1,234.56", (".", False): "1234.56", (",", True): "1.234,56", (",", False): "1234,56"}
    name = names[decimal, groups]
    assert name in NOTATIONS
    return name
