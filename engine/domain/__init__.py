"""The vocabulary of the house: what a message, a signal, a plan, a path and a trade are.

Frozen dataclasses without behaviour beyond what follows from their own fields. Times are UTC epoch
milliseconds (``*_ms``), prices are float64 in quote currency per base unit, shares and fractions lie in
0..1, money is in the account's currency. One module for each step on the way from a message to a trade; whoever uses
them asks here.
"""

from __future__ import annotations

from engine.domain.accounts import (
    BY_HAND,
    NOTHING_KNOWN,
    UNTIL_RESUMED_MS,
    Account,
    Close,
    Decision,
    Halt,
    History,
    MarketFacts,
    OpenTrade,
    Opinion,
    Proposal,
    RuleNote,
    Standing,
    Trade,
)
from engine.domain.messages import Entity, Message
from engine.domain.paths import ExitReason, Fill, Leg, Path, PathStatus, exit_name
from engine.domain.plans import Change, Order, Plan, StopMove, Trail
from engine.domain.signals import (
    REPORTS,
    Action,
    ActionKind,
    AnyTarget,
    Base,
    CloseStop,
    Distance,
    EntryKind,
    Reading,
    Refusal,
    Setup,
    Side,
    Signal,
    Target,
    Update,
    Value,
    nearest_first,
)

__all__ = [
    "BY_HAND",
    "NOTHING_KNOWN",
    "REPORTS",
    "UNTIL_RESUMED_MS",
    "Account",
    "Action",
    "ActionKind",
    "AnyTarget",
    "Base",
    "Change",
    "Close",
    "CloseStop",
    "Decision",
    "Distance",
    "Entity",
    "EntryKind",
    "ExitReason",
    "Fill",
    "Halt",
    "History",
    "Leg",
    "MarketFacts",
    "Message",
    "OpenTrade",
    "Opinion",
    "Order",
    "Path",
    "PathStatus",
    "Plan",
    "Proposal",
    "Reading",
    "Refusal",
    "RuleNote",
    "Setup",
    "Side",
    "Signal",
    "Standing",
    "StopMove",
    "Target",
    "Trade",
    "Trail",
    "Update",
    "Value",
    "exit_name",
    "nearest_first",
]
