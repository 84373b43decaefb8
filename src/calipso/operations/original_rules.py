"""What the original asks of an environment that is added through its API, beyond what an environment has to be here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calipso.errors import ConfigError
from calipso.model.constants import FIRST_GENERATION
from calipso.model.distributions import distribution
from calipso.model.original import TYPES
from calipso.model.supported import VARIANCES, driver

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "OpenStack": ("OpenStack", "mysql", "CLI"),
    "Kubernetes": ("Kubernetes", "CLI"),
}
"""Environment type → sections it cannot do without."""
FEATURES: Mapping[str, str] = {"AMQP": "listening", "Monitoring": "monitoring"}
"""Section → the feature that has to be supported for it."""


def check(said: Mapping[str, Any], where: str = "environment") -> None:
    """Raises `ConfigError` that names the field: sections, flags, and the list of supported environments."""
    kind = str(said.get("environment_type") or "OpenStack")
    sections = [str(each.get("name")) for each in said["configuration"] if isinstance(each, Mapping)]
    for name in SECTIONS.get(kind, ()):
        if name not in sections:
            raise ConfigError(
                f"has no section {name}", where=f"{where}.configuration",
                hint=f"an environment of type {kind} needs {', '.join(SECTIONS[kind])}",
            )  # fmt: skip
    if said["operational"] not in FIRST_GENERATION["environment_operational_status"]:
        allowed = ", ".join(FIRST_GENERATION["environment_operational_status"])
        raise ConfigError(f"{said['operational']!r} is none of {allowed}", where=f"{where}.operational")
    if not str(said["app_path"]).startswith("/"):
        raise ConfigError("is no absolute path", where=f"{where}.app_path")
    allowed_features = _features(said, TYPES.get(kind, kind), where)
    for name, feature in FEATURES.items():
        if name in sections and feature not in allowed_features:
            number = sections.index(name)
            raise ConfigError(
                f"{feature} is not supported for such an environment", where=f"{where}.configuration[{number}]",
                hint="`calipso env supported` lists what is",
            )  # fmt: skip
    for flag, feature in (("listen", "listening"), ("enable_monitoring", "monitoring")):
        if said.get(flag) and feature not in allowed_features:
            raise ConfigError(f"{feature} is not supported for such an environment", where=f"{where}.{flag}")


def _features(said: Mapping[str, Any], kind: str, where: str) -> set[str]:
    """What the list allows; the first field for which nothing is left is named. Raises `ConfigError`."""
    known = distribution(str(said["distribution"]))
    types = said["type_drivers"]
    wanted: tuple[tuple[str, str, set[str]], ...] = (
        ("environment_type", "type", {kind}),
        ("distribution", "distribution", {known.name if known is not None else str(said["distribution"])}),
        ("distribution_version", "version", _words(said["distribution_version"])),
        ("mechanism_drivers", "mechanism_driver", {driver(each) for each in _words(said["mechanism_drivers"])}),
        ("type_drivers", "type_driver", _words(types)),
    )
    left = list(VARIANCES)
    for field, name, values in wanted:
        kept = [each for each in left if getattr(each, name) in values]
        if not kept:
            there = sorted({str(getattr(each, name)) for each in left})
            raise ConfigError(
                f"{', '.join(sorted(values)) or 'nothing'} is not supported here", where=f"{where}.{field}",
                hint=f"supported: {', '.join(there)}",
            )  # fmt: skip
        left = kept
    return {feature for each in left for feature in each.features}


def _words(said: Any) -> set[str]:
    found = said.replace(",", " ").split() if isinstance(said, str) else said
    return {str(each) for each in found} if isinstance(found, list) else {str(found)}
