"""What an operator says of an environment: its hosts, how they are reached, and options that kinds depend on."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec

from calipso.errors import ConfigError
from calipso.model.distributions import distribution
from calipso.model.reaching import CloudHosts, Ssh, check_ssh, check_wrap
from calipso.model.secrecy import REFERENCE
from calipso.model.supported import Remark, check_values, remarks

EnvironmentType = Literal["OpenStack", "Kubernetes", "Docker", "Plain"]
Namespaces = Literal["plain", "instances"]
Cliques = Literal["ours", "calipso"]

SERVICE_PATTERNS = ("qrouter-", "qdhcp-", "snat-", "fip-", "ovnmeta-", "qlbaas-")
"""Prefixes of namespaces that OpenStack's agents make."""


class SnmpAccess(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a switch is asked by SNMP. Secrets by reference: `env:NAME`, `file:PATH`.

    community: version 2c. user, auth_key, priv_key: version 3; without priv_key nothing is encrypted.
    """

    address: str
    port: int = 161
    community: str = ""
    user: str = ""
    auth_key: str = ""
    auth_protocol: str = "SHA"
    priv_key: str = ""
    priv_protocol: str = "AES"


class OpenStackAccess(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cloud of OpenStack's own `clouds.yaml`, which holds how to log in: secrets stay there. Or, without such a file,
    `auth_url` (Keystone's address) with user, password (by reference), project and the domain of both.

    region, interface (`public`, `internal`, `admin`): over what that file says. clouds: path of the file, "" for where
    OpenStack's own client looks for it. verify: whether certificates are checked, of an `auth_url`.
    """

    cloud: str = ""
    region: str = ""
    interface: str = ""
    clouds: str = ""
    auth_url: str = ""
    user: str = ""
    password: str = ""
    project: str = "admin"
    domain: str = "Default"
    verify: bool = True

    @property
    def place(self) -> str:
        """What it is called where something is said of it."""
        return self.cloud or self.auth_url


Tls = Literal["off", "preferred", "required", "verify"]


class SqlAccess(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A MySQL or MariaDB server that holds a cloud's databases, and a user who may read them.

    password: by reference, `env:NAME` or `file:PATH`. tls: `preferred` encrypts where the server can, `required`
    refuses otherwise, `verify` also checks the server's certificate against `ca` (the system's when empty). cert, key:
    files of a client certificate. connect_timeout: seconds.
    """

    host: str
    port: int = 3306
    user: str = ""
    password: str = ""
    tls: Tls = "preferred"
    ca: str = ""
    cert: str = ""
    key: str = ""
    connect_timeout: float = 10.0


class AmqpAccess(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The message bus of a cloud. `password` by reference: `env:NAME`, `file:PATH`.

    host: a member of the cluster, or several with commas, tried in turn. port: 0 for 5672, with TLS 5671. tls: the
    bus proves who it is by a certificate that `ca` (a file; "": this machine's authorities) vouches for.
    """

    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    vhost: str = "/"
    tls: bool = False
    ca: str = ""


class Host(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A host of an environment.

    aliases: other names it goes by (MODEL §2.1). pid: a process in the host's own namespaces when the host is a set of
    namespaces on this machine; 0 for this machine. agent: an agent on the host delivers what it sees. sources: options
    by source name, overriding the environment's. ssh: the host is reached by SSH. wrap: what stands before commands so
    that they run where their process lives, by command name, `*` for all (`model/reaching.py`). snmp: it is a
    switch, and only asked by SNMP. openstack: it is the APIs of a cloud, and only they are asked; with a pid from the
    network of that process. mysql: it is the databases of a cloud, and only they are read; with `ssh`, through a host
    that is logged in to. amqp: the message bus of that cloud, which tells what changes; else the environment's.
    """

    aliases: tuple[str, ...] = ()
    pid: int = 0
    agent: bool = False
    pid_file: str = ""
    sources: Mapping[str, Mapping[str, Any]] = {}
    ssh: Ssh | None = None
    wrap: Mapping[str, str] = {}
    snmp: SnmpAccess | None = None
    openstack: OpenStackAccess | None = None
    mysql: SqlAccess | None = None
    amqp: AmqpAccess | None = None


class Environment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One environment. Everything has a default: `local`, this machine, needs no configuration.

    pnics: physical NICs by name, `eth*` or `host/eth*` (kind rule D7). namespaces: whether a named namespace is an
    instance (N3) or just a namespace. service_patterns: prefixes of service namespaces (N2). sources: source → options,
    empty for every source that finds something. cliques: whose clique types are used unless asked otherwise.
    history_days: how long history is kept. flow_days: how long flows are, after they ended. amqp: the message bus of
    its clouds. cloud_hosts: how hosts are reached that its clouds tell of and nobody declared. recorded: what it holds
    was recorded; nothing is looked at. original: what a document of the original says beyond that
    (`model/original.py`), as it is written there.
    """

    name: str = "local"
    type: EnvironmentType = "Plain"
    distribution: str = ""
    distribution_version: str = ""
    mechanism_drivers: tuple[str, ...] = ()
    type_drivers: tuple[str, ...] = ()
    hosts: Mapping[str, Host] = {}
    pnics: tuple[str, ...] = ()
    namespaces: Namespaces = "plain"
    service_patterns: tuple[str, ...] = SERVICE_PATTERNS
    sources: Mapping[str, Mapping[str, Any]] = {}
    cliques: Cliques = "ours"
    history_days: float = 30.0
    amqp: AmqpAccess | None = None
    cloud_hosts: CloudHosts | None = None
    flow_days: float = 7.0
    recorded: bool = False
    original: Mapping[str, Any] = {}

    def host_aliases(self) -> dict[str, tuple[str, ...]]:
        """Configured host → its other names."""
        return {name: host.aliases for name, host in self.hosts.items()}

    def cloud_host(self, name: str) -> Host | None:
        """How a host is reached that a cloud calls by a name; None where such hosts are not looked at."""
        ways = self.cloud_hosts
        if ways is None or any(fnmatch.fnmatchcase(name, pattern) for pattern in ways.leave):
            return None
        return Host(ssh=msgspec.structs.replace(ways.ssh, host=name), wrap=ways.wrap)

    def bus_of(self, host: Host) -> AmqpAccess | None:
        """The message bus that tells what changes in the cloud that a host stands for; none of any other host."""
        return (host.amqp or self.amqp) if host.openstack is not None else None

    def remarks(self) -> tuple[Remark, ...]:
        """What the list of supported environments says of this one; nothing when it is on it."""
        return remarks(
            self.type, self.distribution, self.distribution_version, self.mechanism_drivers, self.type_drivers
        )

    def wrap_of(self, host: Host) -> dict[str, str]:
        """Command → what stands before it on a host: its distribution's way, and over it what the host says itself.

        Hosts made of namespaces are labs, where nothing runs in containers of a distribution.
        """
        known = distribution(self.distribution)
        if known is None or host.pid or host.pid_file or host.snmp is not None:
            return dict(host.wrap)
        user = host.ssh.user if host.ssh is not None else None
        return {**known.wrap(self.distribution_version, user), **host.wrap}


def parse_environment(said: object, where: str = "environment") -> Environment:
    """An environment from a mapping as YAML gives it. Raises `ConfigError` that names the field and what it may be."""
    if not isinstance(said, Mapping):
        raise ConfigError("is not a mapping of fields to values", where=where)
    fields = Environment.__struct_fields__
    _known(said, fields, where)
    for name, allowed in (("type", EnvironmentType), ("namespaces", Namespaces), ("cliques", Cliques)):
        _one_of(said.get(name), get_args(allowed), f"{where}.{name}")
    for host, options in dict(said.get("hosts") or {}).items():
        if options is not None:
            _known(options, Host.__struct_fields__, f"{where}.hosts.{host}")
            _reaching(options, f"{where}.hosts.{host}")
    if said.get("amqp") is not None:
        _bus(said["amqp"], f"{where}.amqp")
    if said.get("cloud_hosts") is not None:
        _cloud_hosts(said["cloud_hosts"], f"{where}.cloud_hosts")
    if not str(said.get("name") or "").strip():
        raise ConfigError("an environment needs a name", where=f"{where}.name")
    try:
        environment = msgspec.convert(_without_empty(said), Environment, strict=False)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        raise ConfigError(reason, where=where + path.rstrip("`")) from error
    check_values(
        environment.type, environment.distribution, environment.distribution_version,
        environment.mechanism_drivers, environment.type_drivers, where,
    )  # fmt: skip
    if environment.cloud_hosts is not None:
        check_ssh(environment.cloud_hosts.ssh, f"{where}.cloud_hosts.ssh")
        check_wrap(environment.cloud_hosts.wrap, f"{where}.cloud_hosts.wrap")
    hosts = {name: _checked(name, host, f"{where}.hosts.{name}") for name, host in environment.hosts.items()}
    return msgspec.structs.replace(environment, hosts=hosts)


def _reaching(options: Mapping[str, Any], where: str) -> None:
    """The fields that say how a host is reached, as far as their shape tells."""
    if "ssh" in options:
        if options["ssh"] is None:
            raise ConfigError("is empty; `{}` takes everything from the SSH configuration", where=f"{where}.ssh")
        _known(options["ssh"], Ssh.__struct_fields__, f"{where}.ssh")
    if "openstack" in options:
        _cloud(options["openstack"], f"{where}.openstack")
    if "mysql" in options:
        _database(options["mysql"], f"{where}.mysql")
    if options.get("amqp") is not None:
        _bus(options["amqp"], f"{where}.amqp")
        if not options.get("openstack"):
            raise ConfigError("a message bus belongs to a host with `openstack`", where=f"{where}.amqp")


def _cloud_hosts(said: Any, where: str) -> None:
    _known(said, CloudHosts.__struct_fields__, where)
    if said.get("ssh") is None:
        raise ConfigError("is empty; `{}` takes everything from the SSH configuration", where=f"{where}.ssh")
    _known(said["ssh"], Ssh.__struct_fields__, f"{where}.ssh")
    if said["ssh"].get("host"):
        raise ConfigError("is there: each host is connected to by its own name", where=f"{where}.ssh.host")


def _cloud(said: Any, where: str) -> None:
    if not said:
        raise ConfigError("is empty; it names a cloud: {cloud: NAME}", where=where)
    _known(said, OpenStackAccess.__struct_fields__, where)
    if said.get("auth_url") and said.get("cloud"):
        raise ConfigError("is there beside the name of a cloud in clouds.yaml: only one", where=f"{where}.auth_url")
    if not said.get("cloud") and not said.get("auth_url"):
        raise ConfigError("is not the name of a cloud in clouds.yaml", where=f"{where}.cloud")
    if said.get("auth_url") and not str(said["auth_url"]).startswith(("http://", "https://")):
        raise ConfigError("is no address that begins with http:// or https://", where=f"{where}.auth_url")
    if said.get("password") and not REFERENCE.fullmatch(str(said["password"])):
        raise ConfigError("a secret is given by reference: env:NAME or file:PATH", where=f"{where}.password")


def _database(said: Any, where: str) -> None:
    if not said:
        raise ConfigError("is empty; it names a server: {host: NAME, user: NAME, password: env:NAME}", where=where)
    _known(said, SqlAccess.__struct_fields__, where)
    if not said.get("host"):
        raise ConfigError("is not the name or address of a database server", where=f"{where}.host")
    _one_of(said.get("tls"), get_args(Tls), f"{where}.tls")
    if said.get("password") and not REFERENCE.fullmatch(str(said["password"])):
        raise ConfigError(
            "a secret is given by reference, env:NAME or file:PATH", where=f"{where}.password",
            hint="Put the secret into a file that only you can read, or into an environment variable.",
        )  # fmt: skip
    if not str(said.get("port", 3306)).isdigit() or not 1 <= int(said.get("port", 3306)) <= 65535:
        raise ConfigError("is no port: a number from 1 to 65535", where=f"{where}.port")


def _bus(said: Any, where: str) -> None:
    _known(said, AmqpAccess.__struct_fields__, where)
    for field in ("host", "user"):
        if not said.get(field):
            raise ConfigError("is missing: a message bus has a host and a user", where=f"{where}.{field}")
    if said.get("password") and not REFERENCE.fullmatch(str(said["password"])):
        raise ConfigError("a secret is given by reference: env:NAME or file:PATH", where=f"{where}.password")


def _checked(name: str, host: Host, where: str) -> Host:
    """A host whose fields go together; SSH goes to its own name unless told otherwise."""
    check_wrap(host.wrap, f"{where}.wrap")
    if host.openstack is not None and (host.agent or host.ssh or host.snmp):
        raise ConfigError("the APIs of a cloud are no host: only one way to reach it", where=f"{where}.openstack")
    if host.mysql is not None and (host.agent or host.snmp or host.openstack):
        raise ConfigError("the databases of a cloud are no host: only one way to reach them", where=f"{where}.mysql")
    if host.ssh is None:
        return host
    if host.pid or host.pid_file or host.agent:
        raise ConfigError("a host is reached by SSH, by a pid or by its agent: only one", where=f"{where}.ssh")
    check_ssh(host.ssh, f"{where}.ssh")
    return msgspec.structs.replace(host, ssh=msgspec.structs.replace(host.ssh, host=host.ssh.host or name))


def _without_empty(said: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that YAML left empty count as not given; a host may be a bare name."""
    out = {name: value for name, value in said.items() if value is not None}
    if isinstance(out.get("hosts"), Mapping):
        out["hosts"] = {name: options or {} for name, options in out["hosts"].items()}
    return out


def _known(said: object, fields: Sequence[str], where: str) -> None:
    if not isinstance(said, Mapping):
        raise ConfigError("is not a mapping of fields to values", where=where)
    for name in said:
        if name not in fields:
            near = difflib.get_close_matches(str(name), fields, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known fields: {', '.join(sorted(fields))}"
            raise ConfigError(f"no such field; {hint}", where=f"{where}.{name}", hint=hint)


def _one_of(value: object, allowed: Sequence[str], where: str) -> None:
    if value is not None and value not in allowed:
        near = difflib.get_close_matches(str(value), allowed, 1, 0.4)
        hint = f"did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"{value!r} is none of {', '.join(allowed)}", where=where, hint=hint)
