"""What a run leaves behind: its folder, the table of the last run, and a line in data/trials.jsonl."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.beside import beside
from engine.config.strategy import Strategy
from engine.files import append_synced, replacing, sha256_of, sync_folder, write_text
from engine.pipeline.prices import Prices
from engine.pipeline.unfinished import unfinished, unfinished_of
from engine.pipeline.workspace import Workspace
from engine.report.calls import Calls
from engine.report.evidence import EVIDENCE_FILE, Evidence, packed_evidence, packed_moves, write_evidence
from engine.report.exports import write_tables
from engine.report.html import known_zone, render_report
from engine.report.moves import MOVES_FILE
from engine.report.packing import Stories, packed_stories
from engine.report.run import Run
from engine.report.runfile import RUN_FILE, save_run
from engine.report.tables import CALLS_FILE, EQUITY_FILE, write_calls, write_equity
from engine.simulate.equity import EquityCurve


def inputs_of(workspace: Workspace, strategy: Strategy, prices: Prices, symbols: Sequence[str]) -> dict[str, str]:
    """The hash of everything that went in."""
    hashes = {name: hashlib.sha256(s.text.encode()).hexdigest() for name, s in sorted(workspace.sources.items())}
    if strategy.market.source != "synthetic" and workspace.archive_path.is_file():
        hashes[workspace.shown(workspace.archive_path)] = sha256_of(workspace.archive_path)
    return hashes | prices.hashes(symbols)


def new_folder(parent: Path, name: str) -> Path:
    """A folder that no run has yet: two runs of one second do not share one, also while they are written."""
    number = 1
    while (folder := parent / (name if number == 1 else f"{name}-{number}")).exists() or (
        unfinished_of(parent, folder.name).exists()
    ):
        number += 1
    return folder


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder that becomes ``folder``, whole, when the block ends without an error; else it goes again.

    So a run that a full disk or a kill has ended is never taken for one; a kill leaves ``.NAME.unfinished`` behind,
    which the next run removes (``unfinished.py``).
    A folder that is there already (``--out``) keeps its other files, and has no run.json until all new ones are in it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    place = folder if folder.is_dir() else folder.parent  # on the same disk
    with unfinished(place, folder.name) as begun:
        yield begun
        if folder.is_dir():
            _into(begun, folder)
        else:
            begun.rename(folder)
        sync_folder(folder.parent)


def _into(begun: Path, folder: Path) -> None:
    """Move all files of a run into a folder that is there, its run.json last."""
    (folder / RUN_FILE).unlink(missing_ok=True)
    files = [path.relative_to(begun) for path in sorted(begun.rglob("*")) if path.is_file()]
    for file in sorted(files, key=lambda one: one == Path(RUN_FILE)):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (begun / file).replace(folder / file)


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind the latest calls: their evidence as its file, and as the page shows it."""

    evidence: bytes
    stories: Stories

    def told_by(self, trades: Mapping[int, Evidence], zone: str) -> Behind:
        """The same with what some trades of the account did, by the places of their calls, instead of the calls."""
        if not trades:
            return self
        return Behind(self.evidence + packed_moves(trades.values()), self.stories.with_moves(trades, known_zone(zone)))


def behind_of(found: Sequence[Evidence], zone: str) -> Behind:
    """The evidence of the latest calls, packed; ``zone`` is that of the page's clock."""
    return Behind(packed_evidence(found), packed_stories(found, known_zone(zone)))


def write_run(
    workspace: Workspace,
    folder: Path,
    run: Run,
    rows: Calls,
    moves: str,
    curve: EquityCurve,
    behind: Behind,
) -> None:
    """Everything a run leaves in its folder, and the table of the last run; ``moves`` is the text of their file."""
    write_evidence(folder / EVIDENCE_FILE, behind.evidence)
    write_equity(folder / EQUITY_FILE, curve.ts, curve.equity, curve.drawdown)
    with beside(partial(write_calls, folder / CALLS_FILE, rows), len(rows)):
        write_text(folder / MOVES_FILE, moves)
        save_run(folder, run)
        write_tables(folder, run, rows)  # the report shows what they know
        render_report(folder, workspace.settings.language, (rows, behind.stories))
    with replacing(workspace.results_path) as temporary:
        shutil.copyfile(folder / CALLS_FILE, temporary)


def note_trial(workspace: Workspace, run: Run, keys: dict[str, str]) -> None:
    """A line among the trials: what was tried on each channel, and how good it looked."""
    digest = hashlib.sha256(json.dumps([run.inputs, run.period, run.seed], sort_keys=True).encode()).hexdigest()
    trial = {
        "format": 2,
        "at": run.created,
        "strategy": run.strategy,
        "inputs": digest,
        "channels": {
            c.channel: {
                "trial": keys[c.channel],
                "trades": c.trades,
                "mean_r": c.mean_r,
                "sharpe": c.judged.sharpe.sharpe if c.judged.sharpe else None,
                "luck": c.judged.luck,
            }
            for c in run.channels
        },
    }
    append_synced(workspace.trials_path, [json.dumps(trial, ensure_ascii=False)])
