"""The verbs of user-defined topology."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from calipso.cli import render
from calipso.cli.calling import call, fail
from calipso.cli.options import Environment, Out
from calipso.cli.render import Output, console
from calipso.errors import ConfigError
from calipso.operations.usertopology import UserTopology
from calipso.runtime.home import LOCAL, Home

Pairs = Annotated[list[str] | None, typer.Argument(help="Metadata as NAME=VALUE, as in Rack=r7.")]
KINDS = ("nodes", "edges", "node_rules", "edge_rules", "fabric")


def register(app: typer.Typer) -> None:
    topology = typer.Typer(
        name="topology",
        help="Nodes, edges and rules of one's own: kept in the graph, with history, beside what is found.\n\n"
        "Example: `calipso topology add-node tor1 switch Rack=r7`",
        no_args_is_help=True,
    )
    topology.command("show")(show)
    topology.command("add-node")(add_node)
    topology.command("add-edge")(add_edge)
    topology.command("add-node-rule")(add_node_rule)
    topology.command("add-edge-rule")(add_edge_rule)
    topology.command("remove")(remove)
    topology.command("import")(import_)
    topology.command("export")(export)
    app.add_typer(topology)


def metadata(pairs: list[str] | None) -> dict[str, Any]:
    """NAME=VALUE as metadata: what reads as JSON is that, else it is a text."""
    out: dict[str, Any] = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            fail(ConfigError(f"{pair!r} is not NAME=VALUE", hint="as in Rack=r7"))
        try:
            out[name] = json.loads(value)
        except ValueError:
            out[name] = value
    return out


def show(env: Environment = LOCAL, output: Out = Output.table) -> None:
    """What is declared.

    Example: `calipso topology show`
    """
    found: UserTopology = call(Home.default(), "get_user_topology", environment=env)
    text = render.structured(found, output)
    if text is not None:
        print(text)
        return
    rows = [("nodes", each.id, json.dumps(each.metadata)) for each in found.nodes]
    rows += [("edges", each.id, f"{each.parent} → {each.child} {json.dumps(each.metadata)}") for each in found.edges]
    rows += [("node_rules", each.id, f"{each.action} {each.query}") for each in found.node_rules]
    rows += [("edge_rules", each.id, f"{each.source} → {each.target}") for each in found.edge_rules]
    rows += [("fabric", each.id, each.text) for each in found.fabric]
    render.rows(rows, ("what", "id", "says"), output)
    for problem in found.problems:
        console(stderr=True).print(problem, style="yellow", markup=False)


def add_node(
    name: Annotated[str, typer.Argument(help="Its name, which is also its id.")],
    type: Annotated[str, typer.Argument(help="Its type, as in switch.")],
    pairs: Pairs = None,
    env: Environment = LOCAL,
) -> None:
    """Add a node, or change it.

    Example: `calipso topology add-node tor1 switch Rack=r7 MTU=9000`
    """
    said = {"Name": name, "Type": type, **metadata(pairs)}
    print(call(Home.default(), "put_user_node", id=name, metadata=said, environment=env).id)


def add_edge(
    parent: Annotated[str, typer.Argument(help="Id of an object.")],
    child: Annotated[str, typer.Argument(help="Id of another.")],
    pairs: Pairs = None,
    relation: Annotated[str, typer.Option(help="layer2, ownership, or another.")] = "layer2",
    env: Environment = LOCAL,
) -> None:
    """Add an edge between two objects.

    Example: `calipso topology add-edge tor1 h1/dev:eth0 Colour=red`
    """
    said = {"RelationType": relation, **metadata(pairs)}
    print(call(Home.default(), "put_user_edge", parent=parent, child=child, metadata=said, environment=env).id)


def add_node_rule(
    query: Annotated[str, typer.Argument(help="A query for the objects that get the metadata.")],
    pairs: Pairs = None,
    name: Annotated[str, typer.Option(help="What the rule is called.")] = "",
    env: Environment = LOCAL,
) -> None:
    """Give metadata to all that a query finds, as it changes.

    Example: `calipso topology add-node-rule "G.V().Has('Name', Regex('tap.*'))" Team=blue`
    """
    made = call(
        Home.default(), "put_node_rule", action="update", metadata=metadata(pairs), name=name, environment=env,
        query=query,
    )  # fmt: skip
    print(made.id)


def add_edge_rule(
    source: Annotated[str, typer.Argument(help="A query for the parents.")],
    target: Annotated[str, typer.Argument(help="A query for the children.")],
    pairs: Pairs = None,
    relation: Annotated[str, typer.Option(help="layer2, or another.")] = "layer2",
    name: Annotated[str, typer.Option(help="What the rule is called.")] = "",
    env: Environment = LOCAL,
) -> None:
    """Add edges from all that one query finds to all that another finds, as they change.

    Example: `calipso topology add-edge-rule "G.V().Has('Name', 'tor1')" "G.V().Has('Name', 'eth0')"`
    """
    said = {"RelationType": relation, **metadata(pairs)}
    print(call(
        Home.default(), "put_edge_rule", source=source, target=target, metadata=said, name=name, environment=env
    ).id)  # fmt: skip


def remove(
    what: Annotated[str, typer.Argument(help=f"One of {', '.join(KINDS)}.")],
    id: Annotated[str, typer.Argument(help="Its id; * for all of them.")],
    env: Environment = LOCAL,
) -> None:
    """Remove what was declared, and what followed from it.

    Example: `calipso topology remove nodes tor1`
    """
    if what not in KINDS:
        fail(ConfigError(f"{what!r} is not one of {', '.join(KINDS)}"))
    print(call(Home.default(), "remove_user_topology", what=what, id=id, environment=env).removed)


def import_(
    file: Annotated[Path, typer.Argument(help="YAML, or fabric text; - for standard input.")],
    replace: Annotated[bool, typer.Option(help="What is not in the file goes.")] = False,
    env: Environment = LOCAL,
) -> None:
    """Take declarations over from a file.

    Examples: `calipso topology import fabric.txt` · `calipso topology export | calipso topology import - --env prod`
    """
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        fail(ConfigError(str(error), where=str(file)))
    done = call(Home.default(), "import_user_topology", text=text, replace=replace, environment=env)
    print(", ".join(f"{getattr(done, name)} {name.replace('_', ' ')}" for name in KINDS))


def export(env: Environment = LOCAL) -> None:
    """What is declared, as YAML.

    Example: `calipso topology export > topology.yaml`
    """
    print(call(Home.default(), "export_user_topology", environment=env).text, end="")
