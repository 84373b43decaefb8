"""SQL over the views: now and then, with what is wrong and where, and nothing that could take the server down."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from calipso.cli.main import app
from calipso.errors import QueryError
from calipso.model.moments import rfc3339
from calipso.model.record import Gone, Record, Scope, Seen
from calipso.operations.sql.past import with_calls
from calipso.operations.sql.patterns import glob, like, regexp
from calipso.runtime.at import now
from tests.support.system import ask, estate, run

RUNNER = CliRunner()


def answers(folder: Path, *texts: str, **more: Any) -> list[list[list[Any]]]:
    async def work() -> list[list[list[Any]]]:
        async with estate(folder) as system:
            return [(await ask(system, "sql", sql=text, **more)).rows for text in texts]

    return run(work())


def test_the_views_say_what_the_graph_says(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            graph = system.site("estate").graph()
            whole = await ask(
                system, "sql", sql="SELECT id, kind, type, name, host, attributes FROM objects ORDER BY id"
            )
            expected = [
                [head.id, head.kind, head.type, head.name, head.host, graph.attributes(head)]
                for head in sorted(graph.objects(), key=lambda head: head.id)
            ]
            assert whole.rows == json.loads(json.dumps(expected))
            assert whole.types[-1] == "JSON" and whole.freshness.revision == graph.rev
            links = await ask(system, "sql", sql="SELECT type, source, target FROM links")
            said = {
                (link.type, head.id, graph.id_of(link.other))
                for head in graph.objects() for link in graph.links(head.ord) if link.outgoing
            }  # fmt: skip
            assert {tuple(row) for row in links.rows} == said and len(links.rows) == len(said)
            through = await ask(
                system, "sql", sql="SELECT through FROM links WHERE relation = 'role' AND through <> '[]'"
            )
            assert through.rows and all(isinstance(row[0], list) for row in through.rows)
            runs = await ask(system, "sql", sql="SELECT scope, status, stale, seen > 0 FROM runs ORDER BY 1")
            assert runs.rows == [["test@h1", "completed", False, 1], ["test@h2", "completed", False, 1]]

    run(work())


def test_now_then_and_both(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            await asyncio.sleep(0.01)
            before = rfc3339(now())
            await asyncio.sleep(0.01)
            scope = Scope("test", "h1")
            tap = Record("h1/dev:tap9", "netlink", "tun", {"name": "tap9", "host": "h1", "mtu": 1400})
            await system.site("estate").put([Gone(scope, (("h1/netns:vm-b", ""),)), Seen(scope, (tap,))])

            async def rows(text: str, **more: Any) -> list[list[Any]]:
                found: list[list[Any]] = (await ask(system, "sql", sql=text, **more)).rows
                return found

            text = "SELECT count(*) FROM objects WHERE id = 'h1/netns:vm-b'"
            assert await rows(text) == [[0]] and await rows(text, at=before) == [[1]]
            gone = f"""SELECT id FROM objects AT '{before}' WHERE id LIKE 'h1/netns:%'
                EXCEPT SELECT id FROM objects /* AT '-1h' */ AT 'now'"""
            assert await rows(gone) == [["h1/netns:vm-b"]]
            gone = f"SELECT o.id FROM objects('{before}') o LEFT JOIN objects n USING (id) WHERE n.id IS NULL"
            assert ["h1/netns:vm-b"] in await rows(gone)
            changed = f"SELECT what, op, scope FROM changes WHERE id = 'h1/dev:tap9' AND at > '{before}'"
            assert await rows(changed) == [["record", "set", "test@h1"], ["object", "set", None]]
            assert await rows(f"SELECT count(*) FROM changes('{before}') WHERE id = 'h1/netns:vm-b'") != [[0]]
            assert await rows(f"SELECT * FROM changes('-1h', '{before}') WHERE id = 'h1/dev:tap9'") == []
            assert await rows("SELECT * FROM changes WHERE id = 'h1/dev:tap9'", at=before) == []
            assert await rows("SELECT count(*) FROM objects WHERE mtu = '1400'") == [[1]]
            assert await rows("SELECT moment('-1h') < moment('now')") == [[1]]

    run(work())


@pytest.mark.parametrize(
    ("text", "words", "position", "hint"),
    [
        ("SELECT * FROM objcts", "no such table", 14, "did you mean 'objects'"),
        ("SELECT 'ü', kinnd FROM objects", "no such column", 12, "did you mean 'kind'"),
        ("SELECT driver FROM objects", "no such column", 7, "attributes ->> 'name'"),
        ("SELECT FROM objects", "syntax error", 7, "SELECT"),
        ("SELECT 1; SELECT 2", "more than one", -1, "one SELECT"),
        ("DELETE FROM objects", "", -1, "one SELECT"),
        ("CREATE TABLE a (b)", "only reading", 0, "one SELECT"),
        ("PRAGMA hard_heap_limit = 0", "only reading", 0, ""),
        ("ATTACH '/etc/passwd' AS x", "only reading", 0, ""),
        ("SELECT * FROM sqlite_master", "only reading", 0, ""),
        ("SELECT load_extension('x')", "", -1, ""),
        ("  -- nothing", "nothing is asked", 0, "as in SELECT"),
        ("SELECT id FROM objects AT 'yesterday'", "no moment", 0, "-5m"),
        ("SELECT CAST(x'ff' AS TEXT)", "no Unicode", -1, "hex"),
        ("SELECT 1 WHERE 'a' REGEXP '('", "no pattern", -1, ""),
        ("SELECT char(0), \ud800", "", -1, ""),
    ],
)
def test_what_is_wrong_and_where(tmp_path: Path, text: str, words: str, position: int, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        answers(tmp_path, text)
    assert words in caught.value.message and hint in caught.value.hint
    if position >= 0:
        assert caught.value.position == position


@pytest.mark.parametrize(
    "text",
    [
        "WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a) SELECT max(x) FROM a",
        "SELECT count(*) FROM objects a, objects b, objects c, objects d, objects e, objects f",
        "SELECT zeroblob(1000000000)",
        "WITH RECURSIVE a(x, y) AS (SELECT 1, randomblob(1000000) UNION ALL SELECT x + 1, randomblob(1000000) FROM a)"
        " SELECT * FROM a ORDER BY y",
        "WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a LIMIT 100000)"
        " SELECT length(group_concat(hex(zeroblob(5000)))) FROM a",
        "WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a) SELECT hex(randomblob(1000000)) FROM a",
        "SELECT " + "(" * 5000 + "1" + ")" * 5000,
        "SELECT 1 WHERE '" + "a" * 50_000 + "' LIKE '" + "%a" * 400 + "b'",
    ],
)
def test_hostile_statements_end(tmp_path: Path, text: str) -> None:
    try:
        found = answers(tmp_path, text, timeout=1.0)[0]
    except QueryError:
        return
    assert found == []


def test_rows_are_limited(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            few = await ask(system, "sql", sql="SELECT id FROM objects", limit=3)
            assert len(few.rows) == 3 and few.truncated
            none = await ask(system, "sql", sql="SELECT id, attributes FROM objects WHERE kind = 'none'")
            assert (none.columns, none.types, none.rows) == (["id", "attributes"], ["TEXT", "JSON"], [])
            odd = await ask(system, "sql", sql="SELECT x'00ff', NULL, 9e999, 1.5, 2 -- so\n ;")
            assert odd.rows[0][:2] == ["00ff", None] and odd.rows[0][3:] == [1.5, 2]

    run(work())


def test_patterns() -> None:
    assert like("V%", "vha") and like("vh_", "vha") and not like("vh", "vha") and not like("v.a", "vha")
    assert like("50!%", "50%", "!") and not like("50!%", "501", "!") and like("a%b", "a\nb")
    assert glob("v[a-h]?", "vha") and not glob("V*", "vha") and glob("[^x]*", "vha") and not glob("[x\\]*", "vha")
    assert regexp("^v.a$", "vha") and not regexp("x", "vha")
    assert like(None, "a") is None and glob("a", None) is None and regexp(None, None) is None


def test_at_is_only_read_where_a_view_is() -> None:
    assert with_calls("SELECT 1 FROM objects AT '-1h' x") == "SELECT 1 FROM objects  ('-1h') x"
    for text in ("SELECT 'objects AT ''-1h'''", "SELECT at '-1h'", 'SELECT "objects" AS at', "-- objects AT '-1h'"):
        assert with_calls(text) == text
    text = "SELECT * FROM links /* so */ AT  '-1h', runs"
    assert len(with_calls(text)) == len(text)


def test_the_verb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALIPSO_HOME", str(tmp_path))

    async def fill() -> None:
        async with estate(tmp_path):
            pass

    run(fill())
    views = RUNNER.invoke(app, ["sql"])
    assert views.exit_code == 0 and "attributes" in views.stdout
    asked = ["sql", "SELECT host, count(*) AS n FROM objects WHERE type = 'veth' GROUP BY 1", "--env", "estate", "-o"]
    assert RUNNER.invoke(app, [*asked, "csv"]).stdout == "host,n\nh1,7\nh2,7\n"
    assert json.loads(RUNNER.invoke(app, [*asked, "json"]).stdout)[0] == {"host": "h1", "n": 7}
    wrong = RUNNER.invoke(app, ["sql", "SELECT x FROM objects", "--env", "estate"])
    assert wrong.exit_code == 2 and "\n         ^" in wrong.stderr
