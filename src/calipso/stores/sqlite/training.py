"""The compression dictionary: trained once, from the first facets, beside the writer (CORE §2)."""

from __future__ import annotations

import threading

import zstandard

from calipso.graph.codec import TRAIN_AFTER, Codec, train
from calipso.stores.sqlite.database import Database
from calipso.stores.sqlite.log import epochs
from calipso.stores.sqlite.schema import HEAD


def kept(dictionary: bytes) -> tuple[str, tuple[int, bytes]]:
    """The statement that keeps a dictionary, and its values."""
    number = zstandard.ZstdCompressionDict(dictionary).dict_id()
    return "INSERT INTO dictionary VALUES (?, (SELECT count(*) FROM dictionary), ?)", (number, dictionary)


class Training:
    """Counts facets until there are enough, trains in a thread, hands the result to the next tick.

    A dictionary is durable before the first facet is written with it.
    """

    def __init__(self, database: Database, codec: Codec) -> None:
        self._database = database
        self._codec = codec
        self._done = bool(codec.dictionaries)
        self._thread: threading.Thread | None = None
        self.trained: bytes | None = None
        """The dictionary once it is ready, until it is in use."""
        self._enough = TRAIN_AFTER
        self._facets = 0 if self._done else len(self._samples(TRAIN_AFTER))

    def note(self, facets: int) -> None:
        """So many facets more are in the log."""
        if self._done:
            return
        self._facets += facets
        if self._facets >= self._enough and self._thread is None:
            self._thread = threading.Thread(target=self._train, name="dictionary", daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """`trained` is in the file: encode with it from now on."""
        if self.trained is not None:
            self._codec.learn(self.trained)
            self.trained = None
            self._done = True

    def wait(self) -> None:
        """Until a training under way has ended."""
        if self._thread is not None:
            self._thread.join()

    def _train(self) -> None:
        try:
            self.trained = train(self._samples(TRAIN_AFTER))
        except ValueError:
            self._enough *= 4  # too uniform: again when there is more to learn from
            self._thread = None

    def _samples(self, limit: int) -> list[bytes]:
        """The newest facets of the open epochs, plain, no more than `limit`."""
        found: list[bytes] = []
        with self._database.reading() as reader:
            for epoch in reversed(epochs(reader)):
                query = f"SELECT body FROM log_{epoch.n:d} WHERE facet != {HEAD:d} AND body IS NOT NULL LIMIT ?"  # noqa: S608
                found += [body for (body,) in reader.execute(query, (limit - len(found),))]
                if len(found) >= limit:
                    break
        return [self._codec.plain(body) for body in found]
