"""XML that declares nothing: a document type, and with it every entity of its own, is refused."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from xml.parsers import expat

from calipso.errors import ParseError

NAME = "libvirt xml"


def parse_xml(text: str) -> ET.Element:
    """The root element; names with a namespace are `{namespace}name`.

    Raises `ParseError` for what is no XML or has a document type: libvirt never writes one, and entities of its own
    can grow without bound.
    """
    builder = ET.TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")

    def refuse(*_: object) -> None:
        raise ParseError(NAME, "it has a document type", excerpt=text)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: builder.start(_name(name), attributes)
    parser.EndElementHandler = lambda name: builder.end(_name(name))
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(text.encode(), True)
        return builder.close()
    except (expat.ExpatError, UnicodeEncodeError, ValueError) as error:
        raise ParseError(NAME, str(error), excerpt=text) from error


def _name(name: str) -> str:
    return "{" + name if "}" in name else name


def documents(text: str, root: str) -> list[str]:
    """The documents of a text that holds several one after the other, each ending in a line with the root's end tag."""
    end = f"</{root}>"
    return [part.strip() + end for part in text.split(end)[:-1]]


def text_of(element: ET.Element, path: str) -> str | None:
    """The text of the first element at a path, None when there is none or it is empty."""
    found = element.findtext(path)
    return found.strip() or None if found else None


def attribute_of(element: ET.Element, path: str, name: str) -> str | None:
    """An attribute of the first element at a path, None when there is none or it is empty."""
    found = element.find(path)
    return found.get(name) or None if found is not None else None


def number(text: str | None, base: int = 10) -> int | None:
    """A whole number of at most 18 digits, None for anything else."""
    try:
        return int(text, base) if text and len(text) <= 18 else None
    except ValueError:
        return None
