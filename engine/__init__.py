"""SignalProof's engine: everything behind ``cli.py``.

Data flows one way: message, signal, plan, path, trade, verdict, report. Imports run one way too:

    domain < config < channel, market < collect, simulate < risk, verdict < report < pipeline < cli

Nothing on the left imports anything on its right (``tests/test_layers.py`` holds that). Start reading at
``engine/domain``, the vocabulary, then ``engine/pipeline/backtest.py``, the whole way in one file.
"""

from __future__ import annotations

__version__ = "0.1.0"
