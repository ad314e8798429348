"""``notional over: 500 USDT`` - the trade's size, quantity times price, is more than this amount.

The amount is in the currency of the account; nothing is converted. A smaller size mends it: ``resize: to limit``.

    rules:
      - name: cap-size
        when: {notional over: 500 USDT}
        then: {resize: to limit}
    tests:
      - name: a size of 500 USDT passes
        given: {entry: 100, stop: 98, notional: 500 USDT}
        expect: {action: take}
      - name: a size of 800 USDT is cut
        given: {entry: 100, stop: 98, notional: 800 USDT}
        expect: {action: resize, rule: cap-size, notional: 500 USDT}
"""

from __future__ import annotations

from engine.risk.condition import Case, Condition, Finding, exceeds
from engine.units import money


def read(value: str) -> tuple[float, str]:
    """The limit and its currency."""
    amount, currency = money(value)
    if amount <= 0:
        raise ValueError("more than 0")
    return amount, currency


def look(limit: tuple[float, str], case: Case) -> Finding:
    """Holds when the notional is over the limit."""
    (amount, currency), seen = limit, case.proposal.notional
    holds = exceeds(seen, amount)
    text = f"the size is {seen:.2f} {currency}, the limit is {amount:.2f} {currency}"
    shown = f"{seen:.2f} {currency}", f"{amount:.2f} {currency}"
    return Finding(holds, *shown, text, amount / seen if holds else 1.0)


def holds(limit: tuple[float, str], case: Case) -> bool:
    """Whether ``look`` holds."""
    return exceeds(case.proposal.notional, limit[0])


CONDITION = Condition("notional over", read, look, holds, resizable=True)
