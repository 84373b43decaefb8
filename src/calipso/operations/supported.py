"""Which environments are supported, and what proves it."""

from __future__ import annotations

import difflib

import msgspec

from calipso.errors import QueryError
from calipso.model.distributions import DISTRIBUTIONS, distribution
from calipso.model.supported import SUPPORTED, VARIANCES, Evidence, Feature, driver
from calipso.operations.context import Context


class GetSupportedEnvironments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only those of a type, distribution, version, mechanism driver, type driver, with a feature or an evidence.

    evidence: `lab`, `recording`; `declared only` for what is known by name and not supported, `any` for all of them.
    """

    type: str = ""
    distribution: str = ""
    version: str = ""
    mechanism_driver: str = ""
    type_driver: str = ""
    feature: str = ""
    evidence: str = ""


class SupportedEnvironment(msgspec.Struct, frozen=True):
    """One combination. proof: the lab or recording that its evidence is."""

    type: str
    distribution: str
    version: str
    mechanism_driver: str
    type_driver: str
    features: list[Feature]
    evidence: Evidence
    proof: str


class SupportedEnvironments(msgspec.Struct, frozen=True):
    items: list[SupportedEnvironment]


async def get_supported_environments(context: Context, request: GetSupportedEnvironments) -> SupportedEnvironments:
    """Combinations of distribution, version, mechanism driver and type driver, what each allows, and what proves it.

    Raises `QueryError` for a distribution that is not known.
    """
    wanted = {
        "type": request.type, "distribution": _known(request.distribution), "version": request.version,
        "mechanism_driver": driver(request.mechanism_driver), "type_driver": request.type_driver,
    }  # fmt: skip
    known = (
        [each for each in VARIANCES if request.evidence in ("any", each.evidence)] if request.evidence else SUPPORTED
    )
    return SupportedEnvironments(
        [
            SupportedEnvironment(*each.key, list(each.features), each.evidence, each.lab or each.recording)
            for each in known
            if all(not value or getattr(each, field) == value for field, value in wanted.items())
            and (not request.feature or request.feature in each.features)
        ]
    )


def _known(name: str) -> str:
    """A distribution's own name. Raises `QueryError`."""
    found = distribution(name) if name else None
    if name and found is None:
        names = [each.name for each in DISTRIBUTIONS]
        near = difflib.get_close_matches(name, names, 1, 0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
        raise QueryError(f"no distribution {name!r}; {hint}", hint=hint)
    return found.name if found is not None else ""
