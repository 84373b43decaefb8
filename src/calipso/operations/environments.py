"""Environments: taken over, shown, tried, ended."""

from __future__ import annotations

import msgspec

from calipso.errors import QueryError
from calipso.model.environment import Environment
from calipso.model.moments import rfc3339
from calipso.model.secrecy import masked_struct
from calipso.operations.connection_tests import checked
from calipso.operations.context import Context, Tried


class PutEnvironment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """text: an environment's file, as YAML. It is added, or takes the place of the one of its name.

    test: only when all its connections can be made.
    """

    text: str
    test: bool = False


class EnvironmentTaken(msgspec.Struct, frozen=True):
    """An environment as it is now. warnings: what of it is not on the list of supported environments."""

    name: str
    config: Environment
    warnings: list[str] = []


class OpenDemo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request without parameters."""


class RemoveEnvironment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """purge: its history too; without it, adding the environment again goes on with its history.

    A recorded one is always purged: it can be opened again.
    """

    environment: str
    purge: bool = False


class EnvironmentRemoved(msgspec.Struct, frozen=True):
    name: str
    purged: bool


class TryEnvironment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """environment: one there is; or text: the YAML of one that is not taken over yet."""

    environment: str = ""
    text: str = ""


class EnvironmentTried(msgspec.Struct, frozen=True):
    """status: ok when every source could look at every host."""

    status: str
    items: list[Tried]


class RotateSecrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request without parameters."""


class SecretsRotated(msgspec.Struct, frozen=True):
    """environments: those that hold secrets. key: the id of the key that seals them now."""

    environments: list[str]
    key: str


class GetSchedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    environment: str = "local"


class ScheduleView(msgspec.Struct, frozen=True):
    """What a source does on a host now and next. interval: seconds; failures: in a row."""

    host: str
    source: str
    mode: str
    state: str
    interval: float
    failures: int
    began: str
    ended: str
    next: str
    error: str


class Schedules(msgspec.Struct, frozen=True):
    items: list[ScheduleView]


async def put_environment(context: Context, request: PutEnvironment) -> EnvironmentTaken:
    """Add an environment, or change it: what it is made of is derived anew and watched from now on.

    Raises `ConfigError` naming the field.
    """
    if request.test:
        await checked(context, request.text)
    config = await context.put_environment(request.text)
    return EnvironmentTaken(config.name, masked_struct(config), [str(each) for each in config.remarks()])


async def open_demo(context: Context, request: OpenDemo) -> EnvironmentTaken:
    """Open the demo: a recorded cloud with a day of history that ends now. Nothing is contacted.

    `remove_environment` takes it away again. Raises `Conflict` when another environment is called `demo`.
    """
    config = await context.open_demo()
    return EnvironmentTaken(config.name, masked_struct(config))


async def remove_environment(context: Context, request: RemoveEnvironment) -> EnvironmentRemoved:
    """End an environment; its history stays unless it is purged. Raises `NotFound`, `Forbidden`."""
    purge = request.purge or context.site(request.environment).config.recorded
    await context.remove_environment(request.environment, purge=purge)
    return EnvironmentRemoved(request.environment, purge)


async def try_environment(context: Context, request: TryEnvironment) -> EnvironmentTried:
    """Look once at everything and keep nothing: what works, how long it takes, why it does not."""
    if bool(request.environment) == bool(request.text):
        raise QueryError("say either the name of an environment or the text of one")
    items = await context.try_environment(request.environment, request.text)
    bad = [each for each in items if each.status not in ("ok", "nothing there")]
    return EnvironmentTried("failed" if len(bad) == len(items) and bad else "partial" if bad else "ok", items)


async def rotate_secrets(context: Context, request: RotateSecrets) -> SecretsRotated:
    """Seal every secret of every environment anew, with a new key. Raises `ConfigError`; then all is as before."""
    return SecretsRotated(*await context.rotate_secrets())


async def get_schedule(context: Context, request: GetSchedule) -> Schedules:
    """What each source does on each host, when it looks next, and how often it failed in a row."""
    items = []
    for each in context.posts(request.environment):
        times = {
            name: rfc3339(getattr(each, name)) if getattr(each, name) else "" for name in ("began", "ended", "next")
        }
        items.append(
            ScheduleView(
                each.host, each.source, each.mode, each.state, each.interval, each.failures, times["began"],
                times["ended"], times["next"], each.error,
            )
        )  # fmt: skip
    return Schedules(items)
