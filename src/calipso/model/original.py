"""Environment configuration documents of the original Calipso, both generations, turned into an environment of ours.

A document of `environments_config`: name, environment_type, distribution, distribution_version, mechanism_drivers (a
list), type_drivers (text), flags, and `configuration`: a list of sections, each a mapping with its `name`. What has a
counterpart is carried over: name, type, distribution, version, drivers, the section CLI as the hosts that SSH reaches,
OpenStack as the APIs that are asked, mysql as the databases that are read, and where it says `listen` the section AMQP
as the message bus. Everything else is kept as it is in the field `original`; `not_used_yet` lists it. Secrets are never
kept: they are given by reference.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from calipso.errors import ConfigError
from calipso.model.secrecy import REFERENCE

TYPES: Mapping[str, str] = {"OpenStack": "OpenStack", "Kubernetes": "Kubernetes", "Bare-metal": "Plain"}
"""`environment_type` → ours. The original names VMware too, and has nothing that reads it."""
WITHOUT_COUNTERPART = ("VMware",)
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "OpenStack": ("host", "port", "user"),
    "mysql": ("host", "port", "user"),
    "CLI": ("host", "user"),
    "AMQP": ("host", "port", "user"),
    "Monitoring": (),
    "ACI": ("host", "user"),
    "NFV_provider": ("host", "port", "user"),
    "Kubernetes": ("host", "port"),
    "VMware": (),
    "Bare-metal": (),
}
"""Section → the fields it cannot do without. How to prove who one is may be added later, by reference."""
CARRIED = (
    "name", "type", "environment_type", "distribution", "distribution_version", "mechanism_drivers", "type_drivers",
)  # fmt: skip
BUS: Mapping[str, str] = {"password": "pwd", "vhost": "vhost"}
"""Further fields of a message bus: ours → the original's."""
FLAGS = ("listen", "scanned", "enable_monitoring", "monitoring_setup_done", "aci_enabled", "imported")
DATABASES, APIS = "mysql", "openstack"
"""What the server of the section mysql and the APIs of the section OpenStack are called among the hosts."""
HOSTED: Mapping[str, str] = {"mysql": DATABASES, "OpenStack": APIS}
"""Section → the host that it becomes."""
LOGIN = ("host", "port", "user", "pwd", "key")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.:%-]*[A-Za-z0-9])?")
_SECRET = re.compile(r"(pwd|pass|password|passwd|token|secret)$", re.IGNORECASE)
_KEY_TEXT = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")
_IN_ADDRESS = re.compile(r"://[^/\s:@]+:[^/\s@]+@")
_HINT = (
    "Put the secret into a file that only you can read and write `file:PATH` here, or `env:NAME` for an environment "
    "variable."
)


def is_original(said: object) -> bool:
    """Whether this is a document of the original: its sections are a list, or its type is that of the collection."""
    return isinstance(said, Mapping) and (
        isinstance(said.get("configuration"), list) or "environment_type" in said or said.get("type") == "environment"
    )


def from_original(said: Mapping[str, Any], where: str = "environment") -> dict[str, Any]:
    """The fields of an environment as `parse_environment` takes them. Raises `ConfigError` that names the field.

    Places are told as in the document: `configuration[2].host`.
    """
    _refuse_secrets(said, where)
    name = said.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ConfigError("an environment needs a name", where=f"{where}.name")
    for flag in FLAGS:
        if not isinstance(said.get(flag), bool | None):
            raise ConfigError("is neither true nor false", where=f"{where}.{flag}")
    sections = _sections(said.get("configuration"), f"{where}.configuration")
    kind = _type(said, where)
    _needed(said, kind, sections, where)
    rest = {field: value for field, value in said.items() if field not in (*CARRIED, "configuration")}
    kept = [section for at, section in sections.items() if at != "CLI"]
    hosts = _hosts(said["configuration"], where) if "CLI" in sections else {}
    told = {"cloud_hosts": {"ssh": _beyond(sections["CLI"])}} if hosts and {*HOSTED} & {*sections} else {}
    if "mysql" in sections:
        hosts = {DATABASES: {"mysql": _database(sections["mysql"])}, **hosts}
    if "OpenStack" in sections:
        hosts = {APIS: {"openstack": _apis(sections["OpenStack"])}, **hosts}
    return {
        "name": name,
        "type": kind,
        "distribution": _text(said, "distribution", where),
        "distribution_version": _text(said, "distribution_version", where),
        "mechanism_drivers": _words(said, "mechanism_drivers", where),
        "type_drivers": _words(said, "type_drivers", where),
        "hosts": hosts,
        **told,
        **({"amqp": _bus(sections["AMQP"])} if said.get("listen") and "AMQP" in sections else {}),
        "original": {**rest, **({"configuration": kept} if kept else {})},
    }


def of_sections(said: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The fields of an environment that has just these sections, to try them. Raises `ConfigError`."""
    _refuse_secrets(said, where)
    found = _sections(said.get("configuration"), where)
    hosts = _hosts(said["configuration"], where) if "CLI" in found else {}
    kept = [section for name, section in found.items() if name != "CLI"]
    return {"name": said["name"], "hosts": hosts, "original": {"configuration": kept}}


def not_used_yet(original: Mapping[str, Any]) -> tuple[str, ...]:
    """What is kept of a document and changes nothing so far: names of fields and `configuration.SECTION`."""
    sections = [str(section["name"]) for section in original.get("configuration", ())]
    used = {*HOSTED, *({"listen", "AMQP"} if original.get("listen") and "AMQP" in sections else ())}
    found = sorted(field for field in original if field != "configuration" and field not in used)
    return (*found, *(f"configuration.{name}" for name in sections if name not in used))


def _bus(section: Mapping[str, Any]) -> dict[str, Any]:
    """The message bus of a section AMQP."""
    said = {"host": section["host"], "port": int(section["port"]), "user": section["user"]}
    return {**said, **{ours: section[theirs] for ours, theirs in BUS.items() if section.get(theirs)}}


def _refuse_secrets(said: object, where: str) -> None:
    """A secret in clear is refused, wherever it stands. The error never holds it."""
    for place, field, value in _leaves(said, where, ""):
        text = str(value)
        clear = _SECRET.search(field) is not None and text and value is not None and not isinstance(value, bool)
        if (clear and not REFERENCE.fullmatch(text)) or _KEY_TEXT.search(text) or _IN_ADDRESS.search(text):
            raise ConfigError("a secret is given by reference, never in clear", where=place, hint=_HINT)


def _leaves(said: object, where: str, field: str) -> Iterator[tuple[str, str, object]]:
    if isinstance(said, Mapping):
        for name, value in said.items():
            yield from _leaves(value, f"{where}.{name}", str(name))
    elif isinstance(said, list | tuple):
        for number, value in enumerate(said):
            yield from _leaves(value, f"{where}[{number}]", field)
    else:
        yield where, field, said


def _sections(said: object, where: str) -> dict[str, Mapping[str, Any]]:
    """Name → section. Raises `ConfigError`."""
    if not isinstance(said, list):
        raise ConfigError("is not a list of sections, each with its `name`", where=where)
    found: dict[str, Mapping[str, Any]] = {}
    for number, section in enumerate(said):
        here = f"{where}[{number}]"
        if not isinstance(section, Mapping):
            raise ConfigError("is not a section: a mapping with a `name`", where=here)
        name = str(section.get("name"))
        if name not in SECTIONS:
            raise ConfigError(_unlike(name, SECTIONS, "section"), where=f"{here}.name", hint=_near(name, SECTIONS))
        if name in found:
            raise ConfigError(f"there is a section {name} before it", where=f"{here}.name")
        _check(section, SECTIONS[name], here)
        found[name] = section
    return found


def _check(section: Mapping[str, Any], needed: Sequence[str], where: str) -> None:
    """A section's fields, as far as its shape tells. Raises `ConfigError`."""
    for field in needed:
        if section.get(field) in (None, ""):
            others = [str(name) for name in section if name not in (*needed, "name")]
            close = difflib.get_close_matches(field, others, 1)
            raise ConfigError(
                f"is missing{f'; is {close[0]!r} meant to be it?' if close else ''}", where=f"{where}.{field}",
                hint=f"a section {section['name']} needs {', '.join(needed)}",
            )  # fmt: skip
    for field, value in section.items():
        here = f"{where}.{field}"
        if field in ("host", "server_ip", "server_name") and value not in (None, ""):
            if not isinstance(value, str) or not _HOST.fullmatch(value):
                hint = "the name or address alone, without http:// and without a port"
                raise ConfigError(f"{value!r} is neither a host name nor an address; {hint}", where=here, hint=hint)
        elif (
            (field == "port" or str(field).endswith("_port"))
            and value not in (None, "")
            and (not str(value).isdigit() or not 1 <= int(value) <= 65535)
        ):
            raise ConfigError(f"{value!r} is no port: a number from 1 to 65535", where=here)


def _type(said: Mapping[str, Any], where: str) -> str:
    """Our type. The first generation has only OpenStack and often does not say so."""
    name = said.get("environment_type") or "OpenStack"
    if name in WITHOUT_COUNTERPART:
        raise ConfigError(f"{name} cannot be scanned", where=f"{where}.environment_type", hint=", ".join(TYPES))
    if name not in TYPES:
        raise ConfigError(_unlike(name, TYPES, "type"), where=f"{where}.environment_type", hint=_near(name, TYPES))
    return TYPES[name]


def _needed(said: Mapping[str, Any], kind: str, sections: Mapping[str, object], where: str) -> None:
    """Sections that a type and a flag ask for. Raises `ConfigError`."""
    if kind != "Plain" and "CLI" not in sections:
        hint = "its host, user and key say where Calipso logs in"
        raise ConfigError(f"has no section CLI: {hint}", where=f"{where}.configuration", hint=hint)
    if said.get("listen") and kind == "OpenStack" and "AMQP" not in sections:
        raise ConfigError(
            "listening needs a section AMQP", where=f"{where}.listen", hint="add the section or say `listen: false`"
        )


def _text(said: Mapping[str, Any], field: str, where: str) -> str:
    value = said.get(field)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]  # lists in supported_environments, which such documents are made from
    if not isinstance(value, str | int | float | None) or isinstance(value, bool):
        raise ConfigError("is not text", where=f"{where}.{field}")
    return "" if value is None else str(value)


def _words(said: Mapping[str, Any], field: str, where: str) -> list[str]:
    """A list, or text with commas: the original writes mechanism drivers as the one, type drivers as the other."""
    value = said.get(field) or []
    words = re.split(r"[,\s]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(each, str) and each for each in words):
        raise ConfigError("is neither a list of names nor one name", where=f"{where}.{field}")
    return words


def _hosts(configuration: Sequence[Mapping[str, Any]], where: str) -> dict[str, Any]:
    """The host of the section CLI, and those it names, which are reached through it."""
    number = next(at for at, section in enumerate(configuration) if section["name"] == "CLI")
    section = configuration[number]
    here = f"{where}.configuration[{number}]"
    gateway = str(section["host"])
    found: dict[str, Any] = {gateway: {"ssh": _login(section, here)}}
    named = section.get("hosts") or {}
    if not isinstance(named, Mapping):
        raise ConfigError("is not a mapping of hosts to how to log in", where=f"{here}.hosts")
    for name, login in named.items():
        if not isinstance(login, Mapping):
            raise ConfigError("is not a mapping of fields to values", where=f"{here}.hosts.{name}")
        _check({"name": "CLI", **login}, (), f"{here}.hosts.{name}")
        found[str(name)] = {"ssh": {"host": str(name), **_login(login, f"{here}.hosts.{name}")}}
        if name != gateway:
            ssh = found[str(name)]["ssh"]
            keys = [*ssh.get("keys", ()), *([section["key"]] if section.get("key") else ())]  # the gateway's way in too
            ssh |= {"jump": [_gateway(section)], **({"keys": list(dict.fromkeys(keys))} if keys else {})}
    return found


def _gateway(section: Mapping[str, Any]) -> str:
    """The host of the section CLI as others are reached through it."""
    name = f"[{section['host']}]" if ":" in str(section["host"]) else section["host"]
    return f"{section['user']}@{name}" + (f":{section['port']}" if section.get("port") else "")


def _beyond(section: Mapping[str, Any]) -> dict[str, Any]:
    """How the hosts are logged in to that a cloud tells of: as the gateway is, through it."""
    login = {field: value for field, value in _login(section, "").items() if field not in ("host", "port")}
    return {**login, "jump": [_gateway(section)]}


def _apis(section: Mapping[str, Any]) -> dict[str, Any]:
    """Where the original asks the APIs: Keystone's host and port, a user and a password."""
    port = int(section["port"])
    scheme = "https" if section.get("https") is True or (port == 443 and section.get("https") is not False) else "http"
    name = f"[{section['host']}]" if ":" in str(section["host"]) else section["host"]
    said = {
        "user": str(section["user"]), "password": section.get("pwd"), "domain": section.get("domain"),
        "project": section.get("project") or section.get("admin_project"), "region": section.get("region"),
    }  # fmt: skip
    out = {"auth_url": f"{scheme}://{name}:{port}", **{field: value for field, value in said.items() if value}}
    return {**out, **({"verify": False} if section.get("verify") is False else {})}


def _database(section: Mapping[str, Any]) -> dict[str, Any]:
    """Where the original reads the databases of Nova and Neutron. It reads `schema` for Nova, ours finds them all."""
    out: dict[str, Any] = {"host": section["host"], "port": int(section["port"]), "user": str(section["user"])}
    if section.get("pwd"):
        out["password"] = section["pwd"]
    if str(section.get("connect_timeout") or "").isdigit():
        out["connect_timeout"] = float(section["connect_timeout"])
    return out


def _login(said: Mapping[str, Any], where: str) -> dict[str, Any]:
    for field in said:
        if field not in (*LOGIN, "name", "hosts"):
            raise ConfigError(_unlike(field, LOGIN, "field"), where=f"{where}.{field}", hint=_near(field, LOGIN))
    ssh: dict[str, Any] = {field: said[field] for field in ("host", "user") if said.get(field)}
    if said.get("port"):
        ssh["port"] = int(said["port"])
    if said.get("key"):
        ssh["keys"] = [said["key"]]
    if said.get("pwd"):
        ssh["password"] = said["pwd"]
    return ssh


def _unlike(name: object, known: Iterable[str], what: str) -> str:
    near = _near(name, known)
    return f"no such {what}; {near}" if near else f"{name!r} is no {what}; known: {', '.join(known)}"


def _near(name: object, known: Iterable[str]) -> str:
    lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(str(name).lower(), list(lower), 1, 0.5)
    return f"did you mean {lower[found[0]]!r}?" if found else ""
