"""Text to tree, by an LALR grammar. Nothing is looked up here: names are resolved by the planner."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from calipso.errors import QueryError
from calipso.query.syntax import Argument, Call, Chain, Literal

LONGEST = 20_000
"""Characters of a query."""
DEEPEST = 24
"""Traversals within traversals."""

GRAMMAR = r"""
start: chain
chain: call ("." call)*
call: NAME -> word
    | NAME "(" ")" -> bare
    | NAME "(" argument ("," argument)* ")" -> called
?argument: chain | STRING -> text | NUMBER -> number
NAME: /[^\W\d]\w*/
STRING: /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/s
NUMBER: /[-+]?(?:\d+\.\d+|\d+)(?:[eE][-+]?\d+)?[lLdDfFiIsSbB]?(?!\w)/
%ignore /\s+/
"""
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
SHOWN = {"LPAR": "(", "RPAR": ")", "COMMA": ",", "DOT": ".", "NAME": "a name", "STRING": "a text", "NUMBER": "a number"}


@lru_cache(maxsize=512)
def parse(text: str) -> Chain:
    """The tree of a query. Raises `QueryError` with the position of what is wrong."""
    if len(text) > LONGEST:
        raise QueryError(f"the query has {len(text)} characters, more than {LONGEST}", position=LONGEST)
    if not text.strip():
        raise QueryError("the query is empty", position=0, hint="a query begins with G, as in G.V().Has('Type','veth')")
    _check_characters(text, 0)
    _check_depth(text)
    try:
        tree: Any = _parser().parse(text)
    except UnexpectedCharacters as error:
        raise _stray(text, error.pos_in_stream or 0) from None
    except UnexpectedToken as error:
        raise _misplaced(text, error) from None
    except UnexpectedInput as error:
        raise QueryError("the query cannot be read", position=error.pos_in_stream or 0) from None
    except VisitError as error:
        if isinstance(error.orig_exc, QueryError):
            raise error.orig_exc from None
        raise
    chain: Chain = tree
    return chain


def _check_characters(text: str, position: int, *, inside: bool = False) -> None:
    """Raises `QueryError` for halves of a surrogate pair, which are no characters."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        place = position if inside else error.start
        raise QueryError("half of a surrogate pair is no character", position=place) from None


def _check_depth(text: str) -> None:
    """Raises `QueryError` for what is nested too deeply; texts are left out roughly, which is enough for a limit."""
    depth = 0
    for found in re.finditer(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[()]""", text, re.DOTALL):
        if found[0] == "(":
            depth += 1
            if depth > DEEPEST:
                raise QueryError(f"more than {DEEPEST} brackets are open", position=found.start())
        elif found[0] == ")":
            depth -= 1


class _Tree(Transformer[Token, Any]):
    """Builds the tree while the parser runs."""

    def start(self, parts: list[Any]) -> Chain:
        chain: Chain = parts[0]
        return chain

    def chain(self, parts: list[Call]) -> Chain:
        return Chain(tuple(parts))

    def word(self, parts: list[Token]) -> Call:
        return Call(str(parts[0]), None, parts[0].start_pos or 0)

    def bare(self, parts: list[Token]) -> Call:
        return Call(str(parts[0]), (), parts[0].start_pos or 0)

    def called(self, parts: list[Any]) -> Call:
        args: list[Argument] = parts[1:]
        return Call(str(parts[0]), tuple(args), parts[0].start_pos or 0)

    def text(self, parts: list[Token]) -> Literal:
        said = unescaped(parts[0][1:-1])
        _check_characters(said, parts[0].start_pos or 0, inside=True)
        return Literal(said, parts[0].start_pos or 0)

    def number(self, parts: list[Token]) -> Literal:
        said = parts[0].rstrip("lLdDfFiIsSbB")
        position = parts[0].start_pos or 0
        if said.lstrip("+-").isdigit():
            if len(said) > 40:
                raise QueryError("a number of more than 40 digits", position=position)
            return Literal(int(said), position)
        value = float(said)
        if value in (float("inf"), float("-inf")):
            raise QueryError(f"{said} is too large a number", position=position)
        return Literal(value, position)


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", transformer=_Tree(), maybe_placeholders=False)


def unescaped(text: str) -> str:
    """A text without its escapes; a backslash before any other character stays, as regular expressions need it."""
    if "\\" not in text:
        return text
    return ESCAPE.sub(lambda found: _escape(found[1]), text)


def _escape(said: str) -> str:
    if len(said) == 5 and said[0] == "u":
        return chr(int(said[1:], 16))
    return ESCAPED.get(said, "\\" + said)


def _stray(text: str, position: int) -> QueryError:
    character = text[position] if position < len(text) else ""
    if character in "\"'":
        return QueryError("the text is not closed", position=position, hint=f"end it with {character}")
    return QueryError(f"{character!r} does not belong here", position=position, hint="texts stand in quotes: 'eth0'")


def _misplaced(text: str, error: UnexpectedToken) -> QueryError:
    expected = sorted({SHOWN.get(each, "the end" if each == "$END" else each) for each in error.expected})
    hint = "expected " + " or ".join(expected) if expected else ""
    token: Any = error.token
    if token.type == "$END":
        return QueryError("the query ends too early", position=len(text.rstrip()), hint=hint)
    position = token.start_pos if token.start_pos is not None else len(text)
    return QueryError(f"{str(token)!r} does not belong here", position=position, hint=hint)
