"""Runs one workflow's Python in a process that can compute, and speak over its standard input and output: nothing else.

Started alone (`python -I -S`), with what it needs loaded before it closes itself in: limits on time and memory, and a
filter of system calls (seccomp(2)) that leaves reading and writing what is open, memory and the end. No file can be
opened, no connection made, no process started, whatever Python's objects lead to.

Lines of JSON: in {"source", "parameters", "seconds", "memory"}; out {"call", "values"} or {"wait"}, each answered by
{"value"} or {"error"}; out {"log"}; at last {"result"} or {"failed", "line"}.
"""

from __future__ import annotations

import ast
import builtins
import ctypes
import json
import math
import platform
import resource
import struct
import sys
from collections.abc import Callable
from typing import Any

SAFE = (
    "abs", "all", "any", "bool", "dict", "divmod", "enumerate", "filter", "float", "frozenset", "int", "isinstance",
    "len", "list", "map", "max", "min", "next", "pow", "range", "repr", "reversed", "round", "set", "slice", "sorted",
    "str", "sum", "tuple", "zip", "iter", "Exception", "ValueError", "KeyError", "IndexError", "TypeError",
    "RuntimeError", "StopIteration", "ZeroDivisionError", "ArithmeticError", "LookupError", "True", "False", "None",
)  # fmt: skip
REFUSED = frozenset({"format", "format_map", "mro", "gi_frame", "gi_code", "cr_frame", "ag_frame", "tb_frame"})
"""Attributes that lead from a value to the inside of Python."""
STATEMENTS = (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.AsyncFunctionDef, ast.AsyncWith, ast.AsyncFor)
ENTRY = "run"

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
ALLOW, REFUSE = 0x7FFF0000, 0x00050001
"""SECCOMP_RET_ALLOW, and SECCOMP_RET_ERRNO with EPERM (linux/seccomp.h)."""
CALLS: dict[str, tuple[int, tuple[int, ...]]] = {
    # read write fstat lseek mmap mprotect munmap brk sigaction sigprocmask sigreturn mremap madvise exit gettimeofday
    # sigaltstack futex clock_gettime exit_group getrandom
    "x86_64": (0xC000003E, (0, 1, 5, 8, 9, 10, 11, 12, 13, 14, 15, 25, 28, 60, 96, 131, 202, 228, 231, 318)),
    "aarch64": (0xC00000B7, (63, 64, 80, 62, 222, 226, 215, 214, 134, 135, 139, 216, 233, 93, 169, 132, 98, 113, 94,
                             278)),
}  # fmt: skip
"""Machine → AUDIT_ARCH (linux/audit.h) and the numbers of the system calls that are left (asm/unistd.h)."""


class NotAllowedError(Exception):
    """A workflow uses what it may not. `line`: where."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def close_in(seconds: int, memory: int) -> None:
    """Limits, then the filter. Raises `OSError` where the machine has none: then nothing is run."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if platform.machine() not in CALLS:
        raise OSError(f"no filter of system calls for {platform.machine()}")
    program = _filter(*CALLS[platform.machine()])
    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(program)
    said = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, said, 0, 0):
        raise OSError(ctypes.get_errno(), "the filter of system calls is refused")


def _filter(machine: int, calls: tuple[int, ...]) -> bytes:
    """A classic BPF program over struct seccomp_data: the machine at offset 4, the number of the call at 0."""
    load, equal, answer = 0x20, 0x15, 0x06
    code = [struct.pack("HBBI", load, 0, 0, 4), struct.pack("HBBI", equal, 1, 0, machine)]
    code += [struct.pack("HBBI", answer, 0, 0, REFUSE), struct.pack("HBBI", load, 0, 0, 0)]
    for place, number in enumerate(calls):
        code.append(struct.pack("HBBI", equal, len(calls) - place, 0, number))
    code += [struct.pack("HBBI", answer, 0, 0, REFUSE), struct.pack("HBBI", answer, 0, 0, ALLOW)]
    return b"".join(code)


def checked(source: str) -> ast.Module:
    """The tree of a source that defines `run`. Raises `NotAllowedError`, `SyntaxError`."""
    tree = ast.parse(source, "workflow")
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, STATEMENTS):
            raise NotAllowedError(f"{type(node).__name__} is not allowed", line)
        for name in _names(node):
            if (name.startswith("_") and name != "_") or name in REFUSED:
                raise NotAllowedError(f"the name {name!r} is not allowed", line)
    if not any(isinstance(node, ast.FunctionDef) and node.name == ENTRY for node in tree.body):
        raise NotAllowedError(f"a function {ENTRY}(api, …) is needed", 1)
    return tree


def _names(node: ast.AST) -> list[str]:
    found = [getattr(node, field, None) for field in ("id", "attr", "arg", "name", "asname")]
    return [each for each in found if isinstance(each, str)]


class Api:
    """What a workflow is given: operations by name, a log, and time that passes."""

    def __init__(self, ask: Callable[[dict[str, Any]], Any]) -> None:
        self.call = lambda operation, **values: ask({"call": operation, "values": values})
        self.query = lambda text, **values: ask({"call": "query", "values": {"query": text, **values}})["items"]
        self.wait = lambda seconds: ask({"wait": seconds})
        self.log = lambda *said: ask({"log": " ".join(map(str, said))})


def main() -> None:
    """One workflow, from standard input."""
    read, write = sys.stdin.readline, sys.stdout

    def say(body: dict[str, Any]) -> None:
        write.write(json.dumps(body, allow_nan=False) + "\n")
        write.flush()

    def ask(body: dict[str, Any]) -> Any:
        say(body)
        if "log" in body:
            return None
        reply = json.loads(read())
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply["value"]

    given = json.loads(read())
    try:
        code = compile(checked(given["source"]), "workflow", "exec")
        close_in(given["seconds"], given["memory"])
        world: dict[str, Any] = {
            "__builtins__": {name: getattr(builtins, name) for name in SAFE if hasattr(builtins, name)}
        }
        world["math"] = {name: getattr(math, name) for name in ("ceil", "floor", "sqrt", "log2", "inf")}
        exec(code, world)  # noqa: S102  (what this process is there for: it can do nothing but compute)
        say({"result": world[ENTRY](Api(ask), **given["parameters"])})
    except BaseException as error:  # noqa: BLE001  (whatever ends a workflow is told, not raised)
        say({"failed": f"{type(error).__name__}: {error}"[:500], "line": _line(error)})


def _line(error: BaseException) -> int:
    """The line of the workflow that it came to."""
    line = getattr(error, "line", 0) or getattr(error, "lineno", 0) or 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "workflow":
            line = trace.tb_lineno
        trace = trace.tb_next
    return int(line)


if __name__ == "__main__":
    main()
