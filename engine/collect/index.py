"""What the archive knows of each post, in a SQLite file beside it: small questions about a large archive are quick.

The index can be made again from the archive at any time (delete it and it is), except for one thing it also keeps: up
to which message the history of a channel was fetched whole. Without that the history is fetched again, and what is
known is not written twice. So an index never says more than its archive holds:

1. lines are synced to the archive first, then the index is committed, with the place behind them;
2. it keeps some bytes before that place; when they are not there any more, the archive is another one, and the index
   starts over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.collect.private import make_private
from engine.collect.segments import START, Place

SCHEMA = 1
TABLES = """
CREATE TABLE chat (no INTEGER PRIMARY KEY, source TEXT NOT NULL, chat INTEGER NOT NULL,
                   fetched INTEGER NOT NULL DEFAULT 0, UNIQUE (source, chat));
CREATE TABLE post (chat INTEGER, id INTEGER, versions INTEGER, posted INTEGER, edited INTEGER, deleted INTEGER,
                   live INTEGER, known BLOB, PRIMARY KEY (chat, id)) WITHOUT ROWID;
CREATE TABLE place (segment INTEGER, offset INTEGER, line INTEGER, print BLOB);
"""
MARK = {"post": b"p", "edit": b"e"}
STEP = 13  # a mark and twelve bytes of a hash

Post = tuple[int, int]


@dataclass(slots=True)
class PostState:
    """What is known of one post. ``known`` has its texts in the order of their records: a mark and a hash for each.

    ``edited_ms`` is the time of the newest text (0 where nobody knows), ``live`` whether a text came from Telegram
    itself and not from an export. ``newest`` is the hash of the newest text.
    """

    versions: int = 0
    posted_ms: int = 0
    edited_ms: int = 0
    deleted: bool = False
    live: bool = False
    known: bytes = b""

    def has(self, kind: str, content: bytes) -> bool:
        """Whether a text is known as the original (``post``) or as an edit."""
        entry = MARK[kind] + content
        return any(self.known[i : i + STEP] == entry for i in range(0, len(self.known), STEP))

    @property
    def original(self) -> bytes | None:
        """The hash of the original text, where it is known."""
        for i in range(0, len(self.known), STEP):
            if self.known[i : i + 1] == MARK["post"]:
                return self.known[i + 1 : i + STEP]
        return None

    @property
    def newest(self) -> bytes:
        """The hash of the newest text: the last of ``known``."""
        return self.known[-STEP + 1 :]


class Index:
    """The index at ``path``. Not for several threads at once; several processes may read, who writes holds the lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file; the next question opens it again."""
        if self._db is not None:
            self._db.close()
            self._db = None

    @property
    def _open(self) -> sqlite3.Connection:
        """The open database; a damaged one or one of another version is made anew."""
        if self._db is None:
            try:
                self._db = self._connect()
            except sqlite3.DatabaseError:
                self.delete()
                self._db = self._connect()
        return self._db

    def _connect(self) -> sqlite3.Connection:
        """Open the file and make its tables where it has none. Raises sqlite3.DatabaseError for a damaged file."""
        make_private(self.path)
        db = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            found = db.execute("PRAGMA user_version").fetchone()[0]
            if found != SCHEMA:
                if found or db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    raise sqlite3.DatabaseError("another version")
                db.executescript(f"BEGIN; {TABLES} PRAGMA user_version={SCHEMA}; COMMIT;")
        except BaseException:
            db.close()
            raise
        return db

    def delete(self) -> None:
        """Forget everything."""
        self.close()
        for end in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything within the block is kept, or nothing is."""
        self._open.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._open.execute("ROLLBACK")
            raise
        self._open.execute("COMMIT")

    # ------------------------------------------------------------------ how far the archive is known

    @property
    def place(self) -> tuple[Place, bytes]:
        """How far the archive is known, and by which bytes it is known again."""
        row = self._open.execute("SELECT segment, offset, line, print FROM place").fetchone()
        return (START, b"") if row is None else (Place(*row[:3]), row[3])

    def set_place(self, place: Place, seen: bytes) -> None:
        """Say how far the archive is known."""
        self._open.execute("DELETE FROM place")
        self._open.execute("INSERT INTO place VALUES (?, ?, ?, ?)", (*place, seen))

    # ------------------------------------------------------------------ chats

    def chat(self, source: str, chat_id: int) -> int:
        """The number of a channel's chat here."""
        found = self._open.execute("SELECT no FROM chat WHERE source = ? AND chat = ?", (source, chat_id)).fetchone()
        if found is None:
            made = self._open.execute("INSERT INTO chat (source, chat) VALUES (?, ?)", (source, chat_id))
            return int(made.lastrowid or 0)
        return int(found[0])

    def chats(self, source: str | None = None) -> dict[str, list[int]]:
        """The chats of each channel (or of one), in the order in which they appeared."""
        rows = self._open.execute(
            "SELECT source, chat FROM chat WHERE ?1 IS NULL OR source = ?1 ORDER BY no", (source,)
        )
        found: dict[str, list[int]] = {}
        for name, chat_id in rows:
            found.setdefault(name, []).append(chat_id)
        return found

    def fetched(self, source: str, chat_id: int) -> int:
        """The number of the message up to which a history was fetched whole; 0 when it was not."""
        row = self._open.execute("SELECT fetched FROM chat WHERE source = ? AND chat = ?", (source, chat_id)).fetchone()
        return 0 if row is None else int(row[0])

    def set_fetched(self, source: str, chat_id: int, message_id: int) -> None:
        """Say up to which message a history was fetched whole."""
        self._open.execute("UPDATE chat SET fetched = ? WHERE no = ?", (message_id, self.chat(source, chat_id)))

    # ------------------------------------------------------------------ posts

    def load(self, posts: Iterable[Post]) -> dict[Post, PostState]:
        """What is known of posts, each given as (number of the chat here, message id); nothing for unknown ones."""
        found: dict[Post, PostState] = {}
        question = "SELECT versions, posted, edited, deleted, live, known FROM post WHERE chat = ? AND id = ?"
        ask = self._open.cursor()
        for post in posts:
            row = ask.execute(question, post).fetchone()
            if row is not None:
                found[post] = PostState(row[0], row[1], row[2], bool(row[3]), bool(row[4]), row[5])
        return found

    def save(self, states: Mapping[Post, PostState]) -> None:
        """Keep what is known of posts now."""
        self._open.executemany(
            "INSERT OR REPLACE INTO post VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (*post, s.versions, s.posted_ms, s.edited_ms, s.deleted, s.live, s.known)
                for post, s in sorted(states.items())
            ),
        )

    def standing(self, source: str, chat_id: int, since_ms: int, least: int) -> list[tuple[int, int]]:
        """(id, time posted) of the posts that are not known to be deleted, the newest first.

        Those since a time, and ``least`` of them whatever their age.
        """
        rows = self._open.execute(
            "SELECT id, posted FROM post WHERE chat = (SELECT no FROM chat WHERE source = ? AND chat = ?) "
            "AND NOT deleted ORDER BY id DESC",
            (source, chat_id),
        )
        found: list[tuple[int, int]] = []
        for number, posted_ms in rows:
            if posted_ms < since_ms and len(found) >= least:
                break
            found.append((number, posted_ms))
        return found
