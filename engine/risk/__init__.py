"""Risk rules: may this trade be taken, and how large?

``rules/*.yaml`` is a list of typed rules, asked in order for every trade. ``load_rules`` reads and checks a file and
runs the tests inside it; a ``RuleBook`` of several files answers a proposal with a decision.

Start reading at ``book.py`` (how a decision comes about), then ``conditions/`` (one module per condition; a new module
with a ``CONDITION`` and its key in ``rules.schema.json`` is all that a new condition needs).
"""

from engine.risk.book import RuleBook
from engine.risk.loading import load_rules
from engine.risk.rules import RuleFile

__all__ = ["RuleBook", "RuleFile", "load_rules"]
