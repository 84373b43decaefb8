"""Workflows: sequences of operations that are kept, take parameters and are run in a sandbox."""

from __future__ import annotations

import uuid
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

import msgspec
import yaml

from calipso.errors import Conflict, Forbidden, NotFound, ParseError, QueryError
from calipso.operations.context import Context, Ran
from calipso.query.evaluate import prepared
from calipso.query.plan import Ordered

COLLECTION = "workflows"
COMMON = "common.yaml"
"""What several of those that come with Calipso do."""
LARGEST = 64 << 10
"""Bytes of a source."""
Outcomes = dict[Ordered, Any]
reading: ContextVar[bool] = ContextVar("reading", default=False)
"""Whether a workflow asks, whose result a query wants."""
NEVER = frozenset({"call_workflow", "put_workflow", "remove_workflow"})
"""Operations that a workflow does not call: none starts or changes another."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """type: of its value; node: the id of an object. values: what can be chosen from, when it is a choice."""

    name: str
    type: Literal["string", "node", "integer", "number", "boolean", "choice", "date"] = "string"
    description: str = ""
    default: Any = None
    values: list[Any] = []


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """source: Python that defines run(api, …parameters); see docs/how-to/write-a-workflow.md."""

    id: str
    name: str
    source: str
    title: str = ""
    abstract: str = ""
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    shipped: bool = False


class GetWorkflows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: only this one, by id or name; empty for all."""

    id: str = ""
    environment: str = "local"


class Workflows(msgspec.Struct, frozen=True):
    items: list[Workflow]


class PutWorkflow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """source: Python that defines run(api, …parameters). id: made up when empty, else that workflow is changed."""

    name: str
    source: str
    title: str = ""
    abstract: str = ""
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    id: str = ""
    create: bool = False
    environment: str = "local"


class RemoveWorkflow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    environment: str = "local"


class WorkflowRemoved(msgspec.Struct, frozen=True):
    id: str


class CallWorkflow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: a workflow's id or name. parameters: by name. seconds: it may take at most."""

    id: str
    parameters: dict[str, Any]
    seconds: Annotated[float, msgspec.Meta(ge=0.1, le=300)] = 30.0
    environment: str = "local"


async def get_workflows(context: Context, request: GetWorkflows) -> Workflows:
    """The workflows there are: those that come with Calipso, and those of users."""
    found = _all(context, request.environment)
    if request.id:
        return Workflows([_one(found, request.id)])
    return Workflows(list(found.values()))


async def put_workflow(context: Context, request: PutWorkflow) -> Workflow:
    """Keep a workflow, or change it. Raises `QueryError` for what is no Python, `Conflict` for a name that is taken."""
    found = _all(context, request.environment)
    id = request.id or str(uuid.uuid4())
    there = found.get(id)
    if there is not None and (request.create or there.shipped):
        raise Conflict(f"there is a workflow {id!r} already", hint="give yours another id")
    if any(each.name == request.name and each.id != id for each in found.values()):
        raise Conflict(f"there is a workflow named {request.name!r} already")
    check_source(request.source)
    workflow = Workflow(
        id=id, name=request.name, source=request.source, title=request.title, abstract=request.abstract,
        description=request.description, parameters=request.parameters,
    )  # fmt: skip
    context.site(request.environment).store.put_document(COLLECTION, id, msgspec.to_builtins(workflow))
    return workflow


async def remove_workflow(context: Context, request: RemoveWorkflow) -> WorkflowRemoved:
    """Remove a workflow of one's own. Raises `NotFound`, `Forbidden` for those that come with Calipso."""
    there = _one(_all(context, request.environment), request.id)
    if there.shipped:
        raise Forbidden(f"{there.name} comes with Calipso", hint="workflows of your own can be removed")
    context.site(request.environment).store.put_document(COLLECTION, there.id, None)
    return WorkflowRemoved(there.id)


async def call_workflow(context: Context, request: CallWorkflow) -> Ran:
    """Run a workflow in a sandbox: it can ask and do what this interface can, except what needs an admin."""
    workflow = _one(_all(context, request.environment), request.id)
    parameters = given(workflow, request.parameters)

    async def answer(name: str, values: dict[str, Any]) -> Any:
        return await _does(context, workflow, name, values, {"environment": request.environment}, ("read", "write"))

    return await context.sandboxed(workflow.source, parameters, request.seconds, answer)


async def outcomes(context: Context, environment: str, text: str, seconds: float, at: str = "") -> Outcomes:
    """What the workflows return that a query wants, as of a moment; they only read. Raises `QueryError`, `NotFound`."""
    out: Outcomes = {}
    if "workflow" not in text.lower():
        return out
    for ordered in prepared(text).workflows:
        if reading.get():
            raise QueryError("a workflow runs no other", hint="ask for objects and links")
        workflow = _one(_all(context, environment), ordered.workflow)
        names = [each.name for each in workflow.parameters]
        if len(ordered.values) > len(names):
            raise QueryError(f"{workflow.name} has {len(names)} parameters: {', '.join(names)}")
        out[ordered] = await _read(context, workflow, dict(zip(names, ordered.values, strict=False)), environment,
                                   seconds, at)  # fmt: skip
    return out


async def _read(
    context: Context, workflow: Workflow, said: dict[str, Any], environment: str, seconds: float, at: str
) -> Any:  # fmt: skip
    """The result of a workflow that may only read."""

    async def answer(name: str, values: dict[str, Any]) -> Any:
        return await _does(context, workflow, name, values, {"environment": environment, "at": at}, ("read",))

    before = reading.set(True)
    try:
        ran = await context.sandboxed(workflow.source, given(workflow, said), seconds, answer)
    finally:
        reading.reset(before)
    if ran.status != "done":
        raise QueryError(f"workflow {workflow.name}: {ran.error}" + (f" (line {ran.line})" if ran.line else ""))
    return ran.result


async def _does(
    context: Context, workflow: Workflow, name: str, values: dict[str, Any], meant: dict[str, Any],
    may: tuple[str, ...],
) -> Any:  # fmt: skip
    """An operation, for a workflow. meant: what is not said, where it is taken. Raises `Forbidden`, `QueryError`."""
    from calipso.operations.registry import BY_NAME, perform

    operation = BY_NAME.get(name)
    if operation is None or name in NEVER or operation.scope not in may:
        raise Forbidden(f"a workflow does not call {name!r}" + (" here" if may == ("read",) else ""))
    takes = {field.name for field in msgspec.structs.fields(operation.request)}
    values = {key: value for key, value in meant.items() if key in takes} | {
        key: value for key, value in values.items() if key in takes or key != "environment"
    }
    try:
        request: Any = msgspec.convert(values, operation.request)
    except msgspec.ValidationError as error:
        raise QueryError(f"{name}: {error}") from error
    return msgspec.to_builtins(await perform(context, operation, request, f"workflow {workflow.name}"))


def given(workflow: Workflow, said: dict[str, Any]) -> dict[str, Any]:
    """A value for each parameter. Raises `QueryError` for one that is missing, unknown or not of its type."""
    names = [each.name for each in workflow.parameters]
    unknown = sorted(set(said) - set(names))
    if unknown:
        raise QueryError(f"{workflow.name} has no parameter {unknown[0]!r}", hint=f"there are: {', '.join(names)}")
    out = {}
    for each in workflow.parameters:
        value = said.get(each.name, each.default)
        if value is None:
            raise QueryError(f"{workflow.name} needs the parameter {each.name!r}", hint=each.description)
        out[each.name] = _typed(each, value)
    return out


def _typed(parameter: Parameter, value: Any) -> Any:
    form: dict[str, Any] = {"integer": int, "number": float, "boolean": bool}
    if parameter.type == "choice":
        if value not in parameter.values:
            raise QueryError(f"{parameter.name} is one of {parameter.values}")
        return value
    try:
        return msgspec.convert(value, form.get(parameter.type, str), strict=False)
    except msgspec.ValidationError as error:
        raise QueryError(f"{parameter.name}: {error}") from error


def check_source(source: str) -> None:
    """Raises `QueryError` for what cannot be compiled; what it may use is checked where it is run."""
    if len(source) > LARGEST:
        raise QueryError(f"a source has at most {LARGEST >> 10} KiB")
    try:
        compile(source, "workflow", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", 0) or 0
        raise QueryError(
            f"the source is no Python: line {line}: {error}"[:300], hint="as in def run(api): …"
        ) from error


@cache
def shipped() -> dict[str, Workflow]:
    """Those that come with Calipso, by id. What several of them do stands in one file, and in the source of each."""
    folder = files("calipso.operations").joinpath("shipped")
    common = yaml.safe_load(folder.joinpath(COMMON).read_text())["source"]
    found = [
        workflow_of(each.read_text()) for each in folder.iterdir()
        if each.name.endswith(".yaml") and each.name != COMMON
    ]  # fmt: skip
    return {
        each.id: msgspec.structs.replace(each, shipped=True, source=f"{common}\n\n{each.source}")
        for each in sorted(found, key=lambda each: each.id)
    }


def workflow_of(text: str) -> Workflow:
    """A workflow from YAML. Raises `ParseError`."""
    try:
        said = yaml.safe_load(text)
        return msgspec.convert({"id": said.get("name", ""), **said} if isinstance(said, dict) else said, Workflow)
    except (yaml.YAMLError, msgspec.ValidationError, ValueError) as error:
        raise ParseError("workflow", str(error), excerpt=text[:80]) from error


def _all(context: Context, environment: str) -> dict[str, Workflow]:
    own = context.site(environment).store.documents(COLLECTION)
    return {**shipped(), **{id: msgspec.convert(each, Workflow) for id, each in own.items()}}


def _one(found: dict[str, Workflow], id: str) -> Workflow:
    """By id, else by name, also as Skydive would write it (CheckMTU). Raises `NotFound`."""
    named = found.get(id) or next((each for each in found.values() if each.name == id), None)
    plain = id.replace("_", "").lower()
    named = named or next((each for each in found.values() if each.name.replace("_", "").lower() == plain), None)
    if named is None:
        raise NotFound(f"no workflow {id!r}", hint=f"there are: {', '.join(each.name for each in found.values())}")
    return named
