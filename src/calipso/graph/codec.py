"""A facet as bytes: msgpack with sorted keys, compressed with a trained dictionary once there is one (CORE §2).

Layout: `[type, scope key, attributes]`. The first byte tells msgpack (0x93) from a zstd frame (0x28), so facets
written before the dictionary was trained stay readable; the frame carries the id of its dictionary.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

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
RECENT = 2048
"""Facets whose plain form is kept, and as many of those before: what was just written or compared is read at once by
all that follow in the tick."""

_encode = msgspec.msgpack.Encoder(order="sorted").encode
_decode_scope = msgspec.msgpack.Decoder(tuple[str, str, msgspec.Raw]).decode
_decode = msgspec.msgpack.Decoder(tuple[str, str, dict[str, Any]]).decode


class Codec:
    """Encodes and decodes facets. Immutable but for `learn`, which adds a dictionary for new facets.

    Encoding belongs to the one writer; decoding is safe in any thread (a zstd context is not, so each has its own).
    """

    def __init__(self) -> None:
        self.dictionaries: dict[int, bytes] = {}
        self._compress: Callable[[bytes], bytes] | None = None
        self._local = threading.local()
        self._recent: dict[int, tuple[bytes, bytes]] = {}
        self._older: dict[int, tuple[bytes, bytes]] = {}

    def encode(self, type: str, scope: str, attributes: Attributes) -> bytes:
        return self.pack(self.spell(type, scope, attributes))

    def spell(self, type: str, scope: str, attributes: Attributes) -> bytes:
        """A facet in its plain form: the same bytes for equal facets."""
        return _encode((type, scope, attributes))

    def pack(self, body: bytes, *, keep: bool = True) -> bytes:
        """A plain facet as it is kept: compressed when there is a dictionary and it pays.

        keep: whether it is about to be read.
        """
        if self._compress is not None and len(body) > WORTH_COMPRESSING:
            packed = self._compress(body)
            if len(packed) < len(body):
                packed = bytes(memoryview(packed))
                if keep:
                    self._keep(packed, body)
                return packed
        return bytes(memoryview(body))  # exact size: encoders over-allocate

    def decode(self, body: bytes) -> tuple[str, str, Attributes]:
        """(type, scope key, attributes). Raises `StoreDamaged` when the bytes are not a facet."""
        try:
            return _decode(self.plain(body))
        except (msgspec.DecodeError, msgspec.ValidationError, zstandard.ZstdError) as error:
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

    def unpacking(self) -> Callable[[bytes], bytes]:
        """`unpacked` for one thread that passes over very many: no look-up but that of the dictionary."""
        mine: dict[Any, Callable[[bytes], bytes]] = self._local.__dict__
        known, slow = mine.get, self.unpacked

        def unpack(body: bytes) -> bytes:
            found = known(body[4:10]) if body[0] == ZSTD_MAGIC else None
            return slow(body) if found is None else found(body)

        return unpack

    def forget(self) -> None:
        """Drop the plain forms that are kept."""
        self._recent, self._older = {}, {}

    def _keep(self, body: bytes, plain: bytes) -> None:
        if len(self._recent) >= RECENT:
            self._older, self._recent = self._recent, {}
        self._recent[id(body)] = (body, plain)

    def _unpack(self, body: bytes) -> bytes:
        mine: dict[Any, Callable[[bytes], bytes]] = self._local.__dict__
        unpack = mine.get(body[4:10])  # what follows the magic number: the same bytes, the same dictionary
        if unpack is None:
            number = zstandard.get_frame_parameters(body).dict_id
            if number not in self.dictionaries:
                raise StoreDamaged(f"a facet needs dictionary {number}, which is missing")
            unpack = mine.get(number)
            if unpack is None:
                data = zstandard.ZstdCompressionDict(self.dictionaries[number])
                unpack = zstandard.ZstdDecompressor(dict_data=data).decompress
            if len(mine) > HEADERS:
                mine.clear()
            mine[number] = mine[body[4:10]] = unpack
        return unpack(body)

    def learn(self, dictionary: bytes) -> int:
        """Use a dictionary for what is encoded from now on; its id."""
        data = zstandard.ZstdCompressionDict(dictionary)
        number = data.dict_id()
        self.dictionaries[number] = dictionary
        compressor = zstandard.ZstdCompressor(level=1, dict_data=data, write_checksum=False, write_content_size=True)
        self._compress = compressor.compress
        return number


def train(samples: Sequence[bytes]) -> bytes:
    """A dictionary from plain facets (`Codec.plain`). Raises `ValueError` when they are too few or too uniform."""
    try:
        return zstandard.train_dictionary(DICTIONARY_SIZE, list(samples)).as_bytes()
    except zstandard.ZstdError as error:
        raise ValueError(f"no dictionary can be trained from {len(samples)} facets: {error}") from error
