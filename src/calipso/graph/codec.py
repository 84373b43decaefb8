"""A facet as bytes: msgpack with sorted keys, compressed with a trained dictionary once there is one (CORE §2).

Layout: `[type, scope key, attributes]`. The first byte tells msgpack (0x93) from a zstd frame (0x28), so facets
written before the dictionary was trained stay readable; the frame carries the id of its dictionary.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import cycle
from typing import Any, NamedTuple, Protocol, TypedDict

import msgspec
import zstandard

from calipso.errors import StoreDamaged
from calipso.model.record import Attributes

ZSTD_MAGIC = 0x28
WORTH_COMPRESSING = 64
DICTIONARY_SIZE = 32768
TRAIN_AFTER = 5000
HEADERS = 4096
"""Beginnings of frames that are known by their dictionary."""
FEW = 16
"""Frames that are unpacked one by one."""
AT_A_TIME = 2
"""Batches that are skimmed side by side."""
RECENT = 2048
"""Facets whose plain form is kept, and as many of those before: what was just written or compared is read at once by
all that follow in the tick."""

DAMAGED = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, zstandard.ZstdError)
"""What is raised of bytes that are no facet."""

_encode = msgspec.msgpack.Encoder(order="sorted").encode
_decode_scope = msgspec.msgpack.Decoder(tuple[str, str, msgspec.Raw]).decode
_decode = msgspec.msgpack.Decoder(tuple[str, str, dict[str, Any]]).decode


class Batch(NamedTuple):
    """The encoded facets of some objects, those of an object one after another as they take precedence."""

    ords: list[int]
    facets_of: list[int]
    """How many facets each object has."""
    bodies: list[bytes]


Said = Sequence[tuple[Attributes, Sequence[int]]]
"""What objects say, and which say it; nothing of those that say nothing."""


class Skim(Protocol):
    """Reads a few attributes of many objects quickly, whose facets are compressed with one dictionary."""

    def begin(self, batch: Batch, needs: tuple[str, ...], version: int) -> Callable[[], Said | None]:
        """Begins to read; called in the end, what was read: None when it cannot be read so. needs: sorted names."""
        ...


class Codec:
    """Encodes and decodes facets. Immutable but for `learn`, which adds a dictionary for new facets.

    Encoding belongs to the one writer; decoding is safe in any thread (a zstd context is not, so each has its own).
    """

    def __init__(self, skimmer: Callable[[bytes], Skim | None] | None = None) -> None:
        """skimmer: makes what reads a few attributes of many facets quickly, of one dictionary and for one thread."""
        self._skimmer = skimmer
        self.dictionaries: dict[int, bytes] = {}
        self._compressor: zstandard.ZstdCompressor | None = None
        self._local = threading.local()
        self._recent: dict[int, tuple[bytes, bytes]] = {}
        self._older: dict[int, tuple[bytes, bytes]] = {}

    def encode(self, type: str, scope: str, attributes: Attributes) -> bytes:
        return self.pack(self.spell(type, scope, attributes))

    def spell(self, type: str, scope: str, attributes: Attributes) -> bytes:
        """A facet in its plain form: the same bytes for equal facets."""
        return _encode((type, scope, attributes))

    def pack(self, body: bytes) -> bytes:
        """A plain facet as it is kept: compressed when there is a dictionary and it pays."""
        if self._compressor is not None and len(body) > WORTH_COMPRESSING:
            packed = self._compressor.compress(body)
            if len(packed) < len(body):
                packed = bytes(memoryview(packed))
                self._keep(packed, body)
                return packed
        return bytes(memoryview(body))  # exact size: encoders over-allocate

    def pack_all(self, bodies: Sequence[bytes]) -> list[bytes]:
        """As `pack` of each, for those who pass over everything once: one call into the library."""
        long: list[Any] = [body for body in bodies if len(body) > WORTH_COMPRESSING]
        if self._compressor is None or not long:
            return [bytes(memoryview(body)) for body in bodies]
        packed = iter(self._compressor.multi_compress_to_buffer(long))
        out = []
        for body in bodies:
            made: Any = next(packed) if len(body) > WORTH_COMPRESSING else None
            shorter = made is not None and len(made) < len(body)
            out.append(made.tobytes() if shorter else bytes(memoryview(body)))
        return out

    def decode(self, body: bytes) -> tuple[str, str, Attributes]:
        """(type, scope key, attributes). Raises `StoreDamaged` when the bytes are not a facet."""
        try:
            return _decode(self.plain(body))
        except DAMAGED as error:
            raise StoreDamaged(f"a facet cannot be decoded: {error}") from error

    def decode_some(self, body: bytes, names: tuple[str, ...]) -> tuple[str, str, Attributes]:
        """As `decode`, of these attributes alone, sorted."""
        try:
            return picking(names)(self.unpacked(body))
        except DAMAGED as error:
            raise StoreDamaged(f"a facet cannot be decoded: {error}") from error

    def scope_of(self, body: bytes) -> str:
        """The scope key alone, without decoding the attributes."""
        return _decode_scope(self.plain(body))[1]

    def plain(self, body: bytes) -> bytes:
        """The facet's msgpack: the same for equal facets whatever dictionary they were written with."""
        if not body or body[0] != ZSTD_MAGIC:
            return body
        kept = self._recent.get(id(body)) or self._older.get(id(body))
        if kept is not None and kept[0] is body:
            return kept[1]
        plain = self._unpack(body)
        self._keep(body, plain)
        return plain

    def unpacked(self, body: bytes) -> bytes:
        """As `plain`, without keeping it: for those who pass over everything once."""
        return body if not body or body[0] != ZSTD_MAGIC else self._unpack(body)

    def skim(self, batch: Batch, needs: tuple[str, ...], version: int = 0) -> Callable[[], Said]:
        """Begins to read some attributes of very many objects; called in the end, what was read: `StoreDamaged` then.

        needs: sorted names. version: lists of texts may come without what is no IP address of this version; 0: whole.
        """
        try:
            number = next((_dictionary_of(body) for body in batch.bodies if body[0] == ZSTD_MAGIC), None)
        except DAMAGED:
            number = None
        skim = None if number is None else self._skim_of(number)
        ask = None if skim is None else skim.begin(batch, needs, version)

        def read() -> Said:
            said = None if ask is None else ask()
            return self._skimmed_here(batch, needs) if said is None else said

        return read

    def _skimmed_here(self, batch: Batch, needs: tuple[str, ...]) -> Said:
        try:
            said = [found for _, _, found in map(picking(needs), self.unpacked_all(batch.bodies))]
        except DAMAGED as error:
            raise StoreDamaged(f"a facet cannot be decoded: {error}") from error
        out: list[tuple[Attributes, Sequence[int]]] = []
        end = 0
        for ord, count in zip(batch.ords, batch.facets_of, strict=True):
            end += count
            mine: dict[str, Any] = {}
            for found in reversed(said[end - count : end]):
                mine |= found
            if mine:
                out.append((mine, (ord,)))
        return out

    def _skim_of(self, number: int) -> Skim | None:
        """One of those of a dictionary and this thread, each in its turn."""
        mine: dict[Any, Any] = self._local.__dict__
        place = ("skim", number)
        if place not in mine:
            make = self._skimmer if number in self.dictionaries else None
            made = [None if make is None else make(self.dictionaries[number]) for _ in range(AT_A_TIME)]
            mine[place] = cycle(made)
        return next(mine[place])  # type: ignore[no-any-return]

    def unpacked_all(self, bodies: Sequence[bytes]) -> Iterable[Any]:
        """`unpacked` of very many, as buffers: one call into the library where they share a dictionary, as most do."""
        frames: list[Any] = [body for body in bodies if body[0] == ZSTD_MAGIC]
        if len(frames) < FEW:
            return [self.unpacked(body) for body in bodies]
        try:
            plain: Any = self._decompressor(_dictionary_of(frames[0])).multi_decompress_to_buffer(frames)
        except zstandard.ZstdError:  # of several dictionaries
            return [self.unpacked(body) for body in bodies]
        if len(frames) == len(bodies):
            return plain  # type: ignore[no-any-return]
        each = iter(plain)
        return [next(each) if body[0] == ZSTD_MAGIC else body for body in bodies]

    def forget(self) -> None:
        """Drop the plain forms that are kept."""
        self._recent, self._older = {}, {}

    def _keep(self, body: bytes, plain: bytes) -> None:
        if len(self._recent) >= RECENT:
            self._older, self._recent = self._recent, {}
        self._recent[id(body)] = (body, plain)

    def _unpack(self, body: bytes) -> bytes:
        mine: dict[Any, Any] = self._local.__dict__
        unpack = mine.get(body[4:10])  # what follows the magic number: the same bytes, the same dictionary
        if unpack is None:
            if len(mine) > HEADERS:
                mine.clear()
            unpack = mine[body[4:10]] = self._decompressor(_dictionary_of(body)).decompress
        return unpack(body)

    def _decompressor(self, number: int) -> zstandard.ZstdDecompressor:
        """That of a dictionary, for this thread."""
        mine: dict[Any, Any] = self._local.__dict__
        if number not in mine:
            if number not in self.dictionaries:
                raise StoreDamaged(f"a facet needs dictionary {number}, which is missing")
            data = zstandard.ZstdCompressionDict(self.dictionaries[number])
            mine[number] = zstandard.ZstdDecompressor(dict_data=data)
        return mine[number]  # type: ignore[no-any-return]

    def learn(self, dictionary: bytes) -> int:
        """Use a dictionary for what is encoded from now on; its id."""
        data = zstandard.ZstdCompressionDict(dictionary)
        number = data.dict_id()
        self.dictionaries[number] = dictionary
        self._compressor = zstandard.ZstdCompressor(
            level=1, dict_data=data, write_checksum=False, write_content_size=True
        )
        return number


@lru_cache(maxsize=64)
def picking(needs: tuple[str, ...]) -> Callable[[Any], tuple[str, str, Attributes]]:
    """Decodes of a plain facet just these attributes: what is skipped costs no more than a search."""
    shape = TypedDict("shape", dict.fromkeys(needs, Any), total=False)  # type: ignore[misc]
    return msgspec.msgpack.Decoder(tuple[str, str, shape]).decode  # type: ignore[return-value]


def _dictionary_of(frame: bytes) -> int:
    return zstandard.get_frame_parameters(frame).dict_id


def train(samples: Sequence[bytes]) -> bytes:
    """A dictionary from plain facets (`Codec.plain`). Raises `ValueError` when they are too few or too uniform."""
    try:
        return zstandard.train_dictionary(DICTIONARY_SIZE, list(samples)).as_bytes()
    except zstandard.ZstdError as error:
        raise ValueError(f"no dictionary can be trained from {len(samples)} facets: {error}") from error
