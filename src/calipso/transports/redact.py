"""Secrets out of what is written down: transcripts must be fit to be given away.

Masked are values of names that sound like secrets (options, `key=value`, JSON and YAML fields, headers), passwords in
URLs, and private keys. Addresses, names and ids stay: without them a transcript tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"
_NAMES = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|private[-_]?key|preshared[-_]?key|psk|credential|auth[-_]?key"
    r"|session[-_]?id|cookie"
)
_WORD = rf"(?:[a-z0-9]+[-_.])*(?:{_NAMES})s?(?:[-_.][a-z0-9]+)*"
_OPTION = re.compile(rf"(?i)--?{_WORD}")
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL),
        rf"-----BEGIN \1-----{MASK}-----END \1-----",
    ),
    (re.compile(r"(?<=://)([^/\s:@\"']*):([^/\s@\"']+)@"), rf"\1:{MASK}@"),
    (re.compile(r"(?i)\b(authorization\s*:\s*(?:basic|bearer|digest)?\s*)[^\s\"',]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b((?:set-)?cookie\s*:\s*|x-[a-z-]*token\s*:\s*)[^\r\n\"']+"), rf"\1{MASK}"),
    (re.compile(r'(?i)("[\w:-]*user_data"\s*:\s*)"(?:[^"\\]|\\.)*"'), rf'\1"{MASK}"'),
    (re.compile(rf"(?i)([\"']{_WORD}[\"']\s*[:,]\s*)\"(?:[^\"\\]|\\.)*\""), rf'\1"{MASK}"'),
    (re.compile(rf"(?i)([\"']{_WORD}[\"']\s*[:,]\s*)'(?:[^'\\]|\\.)*'"), rf"\1'{MASK}'"),
    (re.compile(rf"(?i)(?<!\w)({_WORD}\s*=\s*)(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',;}}\]]+)"), rf"\1{MASK}"),
    (re.compile(rf"(?i)(?<![\w-])(--?{_WORD}[ \t]+)(?!-)[^\s\"']+"), rf"\1{MASK}"),
    (re.compile(rf"(?im)^(\s*{_WORD}\s*:[ \t]+)\S.*$"), rf"\1{MASK}"),
)


def redact(text: str) -> str:
    """The text with its secrets masked; doing it again changes nothing."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def redact_arguments(argv: Iterable[str]) -> tuple[str, ...]:
    """A command's words: as `redact`, and the word after an option that sounds like a secret."""
    out: list[str] = []
    hidden = False
    for word in argv:
        out.append(MASK if hidden and not word.startswith("-") else redact(word))
        hidden = _OPTION.fullmatch(word) is not None
    return tuple(out)
