"""How a graph is read: the same for the live value, a value held from before, a what-if and a view of the past.

Inside the graph an object is an *ordinal*: a dense integer given to an id at first sight and never given to another
id. Ordinals stay inside; what users see are ids.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
from pyroaring import BitMap

from calipso.model.record import Attributes

type_ = type


class Obj(msgspec.Struct, frozen=True, gc=False):
    """The head of an object: what is read without decoding a facet.

    `members` are the ordinals of the ids whose records make the object, itself first when it has records of its own;
    empty means just itself. `networks`: ids of the networks it carries, None for unknown (MODEL §9); `media`:
    `overlay/<type>` and `physnet/<name>` of a host_pnic. `parent` is the id of its owner, "" for none.
    """

    ord: int
    id: str
    kind: str
    type: str
    name: str
    host: str
    parent: str = ""
    members: tuple[int, ...] = ()
    networks: tuple[str, ...] | None = None
    media: tuple[str, ...] = ()


class Facet(NamedTuple):
    """One decoded record: its facet name, the type it says, the scope key it came from, what it says."""

    name: str
    type: str
    scope: str
    attributes: Attributes


class LinkEnd(NamedTuple):
    """A link as seen from one end. `outgoing`: the object asked about is the link's source."""

    type: str
    other: int
    outgoing: bool


Ordinals = Collection[int]


class Spec(NamedTuple):
    """What a column holds. `pick(attributes)` reads it from those named in `needs`.

    Where `needs` is None, reading takes more than attributes: the reader and its object. With a version, `pick` leaves
    out of lists of texts whatever is no IP address of it.
    """

    name: str
    needs: tuple[str, ...] | None
    pick: Callable[[Attributes], Any]
    read: Callable[[GraphReader, Obj], Any]
    version: int = 0


class ColumnReader(Protocol):
    """Which objects have which value of an attribute that has no declared key."""

    present: BitMap
    """Objects that have any."""

    def find(self, value: Any) -> Ordinals:
        """Objects that have a value, or have it in a list."""
        ...

    def items(self) -> Iterator[tuple[Any, Ordinals]]: ...

    def between(self, order: str, scale: Callable[[Any], Any], low: Any, high: Any) -> Iterator[tuple[Any, Ordinals]]:
        """The values with low ≤ scale(value) ≤ high; `scale` gives None for what it cannot order."""
        ...


class GraphReader(Protocol):
    """The reading protocol. `rev` and `ts` (µs since the epoch) say what the graph includes."""

    @property
    def rev(self) -> int: ...
    @property
    def ts(self) -> int: ...

    def __len__(self) -> int:
        """Number of objects."""
        ...

    def objects(self) -> Iterator[Obj]: ...

    def get(self, ord: int) -> Obj | None: ...

    def resolve(self, id: str) -> Obj | None:
        """The object of an id or of an alias, None when there is none now."""
        ...

    def id_of(self, ord: int) -> str:
        """The id of an ordinal, whether it is an object of its own or an alias."""
        ...

    def find(self, key: str, value: Any) -> Ordinals:
        """Ordinals of the objects with a declared key, e.g. ("kind", "vnic"), ("mac", "fa:…"), ("name", "eth0")."""
        ...

    def values(self, key: str) -> Mapping[Any, Ordinals]:
        """All values of a few-valued key (kind, type, host, state, mtu) with their objects."""
        ...

    def links(self, ord: int, types: Iterable[str] | None = None) -> Iterator[LinkEnd]:
        """The links of an object in both directions, of all types or of the given ones."""
        ...

    def flat_ends(self, ord: int) -> Sequence[int]:
        """The links of an object as (code, other, code, other …); code = 2 · place in `link_names` + direction."""
        ...

    def around(self, ords: Iterable[int], codes: Collection[int]) -> list[int]:
        """The other ends of all links of these objects that have one of these codes."""
        ...

    def parted(self, ords: Iterable[int], codes: Collection[int], asked: frozenset[int]) -> tuple[list[int], list[int]]:
        """As `around` of those objects that have no link with a code in `asked`; and the objects that have one."""
        ...

    def link_names(self) -> Mapping[int, str]:
        """Names of the link types that codes stand for."""
        ...

    def column(self, spec: Spec) -> ColumnReader | None:
        """An attribute without a declared key, indexed when first asked for; None where nothing is indexed."""
        ...

    def facets(self, obj: Obj) -> list[Facet]:
        """Decoded facets of all members, in the order of precedence."""
        ...

    def records(self, obj: Obj) -> list[tuple[str, Facet]]:
        """(id it was said of, facet) of every record that makes the object, as it was said."""
        ...

    def attributes(self, obj: Obj) -> Attributes:
        """The facets merged by precedence (MODEL §4). Shared: do not change it."""
        ...
