"""What was ordered, written and synced before it is sent: one JSON line for each step, append-only.

An order has a ``send`` line before its request leaves. A process that dies, or an answer that is lost, leaves it
without a ``placed`` or an ``ended`` behind it: such an order is asked for by its client id and never simply sent again.
The state of every ticket is what a replay of the lines gives.

Where the journal cannot be written, nothing is sent.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.collect.private import NotPrivateError, keep_private, make_private
from engine.domain import Side
from engine.files import sync_folder
from engine.problem import Problem
from engine.testnet.ticket import Cause, Closing, Rung, Sent, Standing, Ticket, entry_ids

FORMAT = 1


class Journal:
    """The journal at ``path``; ``standings`` holds every ticket by its id, as the lines tell it."""

    def __init__(self, path: Path, now_ms: Callable[[], int]) -> None:
        self.path, self._now_ms = path, now_ms
        self.standings: dict[str, Standing] = {}

    def look(self) -> Problem | None:
        """Replay the file without touching it, also while another process writes; a last line that is torn waits."""
        data = self.path.read_bytes() if self.path.is_file() else b""
        return self._replay(data[: data.rfind(b"\n") + 1])

    def read(self) -> list[Problem] | Problem:
        """Replay the file, to write to it from now on.

        Returns
        -------
            What was mended (a torn last line is cut off: its order was never sent), or the problem that the journal
            cannot be used: another format, or a line in the middle that is none.
        """
        mended: list[Problem] = []
        if not self.path.exists():
            make_private(self.path)
            sync_folder(self.path.parent)
            return mended
        try:
            note = keep_private(self.path, "the journal of orders")
        except NotPrivateError as error:
            return error.problem
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            mended.append(Problem("a torn last line was cut off; its order was not sent", str(self.path)))
            os.truncate(self.path, whole)
        problem = self._replay(data[:whole])
        return problem or mended + ([note] if note else [])

    def _replay(self, data: bytes) -> Problem | None:
        """Take over every line."""
        for number, line in enumerate(data.splitlines(), 1):
            try:
                step = json.loads(line)
                known = step["format"] == FORMAT
                if known:
                    self._apply(step)
            except (ValueError, KeyError, TypeError) as error:
                hint = "put back a copy of it, or move it away once nothing is open at the test exchange"
                return Problem(
                    f"not a line of this journal ({type(error).__name__})", str(self.path), number, hint=hint
                )
            if not known:
                return Problem(f"format {step['format']!r} is not known here", str(self.path), number)
        return None

    def write(self, what: str, ticket: str, **more: Any) -> None:
        """Append a step, synced, and take it over. Raises OSError; then nothing of it stays in the file."""
        step = {"format": FORMAT, "at_ms": self._now_ms(), "what": what, "ticket": ticket, **more}
        line = json.dumps(step, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        with self.path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            try:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(self.path, size)
                raise
        self._apply(step)

    # ------------------------------------------------------------------ the steps

    def open(self, ticket: Ticket) -> None:
        """A new ticket."""
        self.write("open", ticket.id, plan=asdict(ticket))

    def send(self, ticket: str, sent: Sent) -> None:
        """An order is about to be sent."""
        fields = {"id": sent.id, "role": sent.role, "action": sent.action, "contracts": sent.contracts}
        self.write("send", ticket, **fields, price=sent.price, plan=sent.plan)

    def _apply(self, step: dict[str, Any]) -> None:
        """One step of the replay."""
        what = step["what"]
        if what == "open":
            plan = _ticket(step["plan"])
            rungs = entry_ids(plan, plan.cause, plan.rungs)
            self.standings[plan.id] = Standing(plan, plan.stop, plan.targets, rungs)
            return
        standing = self.standings[step["ticket"]]
        sent = standing.sent.get(step.get("id", ""))
        if what == "send":
            names = ("id", "role", "action", "contracts", "price", "plan")
            made = Sent(**{name: step[name] for name in names}, tries=1 if sent is None else sent.tries + 1)
            standing.sent[step["id"]] = made
        elif what == "placed" and sent is not None:
            sent.exchange_id, sent.plan, sent.why = step["exchange_id"], step.get("plan", False), ""
        elif what == "filled" and sent is not None:
            sent.filled, sent.average = step["contracts"], step["average"]
        elif what == "ended" and sent is not None:
            sent.ended, sent.why = step["how"], step.get("why", "")
        elif what == "levels":
            standing.stop = step["stop"]
            standing.targets = tuple((price, share) for price, share in step["targets"])
        elif what == "rungs":
            standing.rungs = tuple((id_, Rung(**rung)) for id_, rung in step["rungs"])
        elif what == "closing":
            standing.closings.append(Closing(step["id"], step["share"]))
        elif what == "cancel":
            standing.cancelled = True
        elif what == "guard":
            standing.guards.append(step["stop_id"])
        elif what == "stopped":
            standing.stopped[step["stop_id"]] = (step["contracts"], step["average"])
        elif what == "over":
            standing.over = True
        else:
            raise KeyError(what)


def _ticket(data: dict[str, Any]) -> Ticket:
    """A ticket from its JSON."""
    return Ticket(
        **data
        | {
            "cause": Cause(**data["cause"]),
            "side": Side(data["side"]),
            "rungs": tuple(Rung(**rung) for rung in data["rungs"]),
            "targets": tuple((price, share) for price, share in data["targets"]),
        }
    )
