"""Rows of Nova's databases, as far as they are wanted. Fields are columns; what a release lacks keeps its default.

Never among them: passwords, key pairs, user data, and the addresses of queues and databases of cells, which hold
passwords.
"""

from __future__ import annotations

from msgspec import Struct, field

from calipso.model.sql import Table, quoted

Text = str | None
_DELETED = ("deleted",)


class Instance(Struct, kw_only=True):
    uuid: str
    name: str = field(default="", name="display_name")
    host: Text = None
    node: Text = None
    vm_state: Text = None
    power_state: int | None = None
    task_state: Text = None
    hostname: Text = None
    availability_zone: Text = None
    image_ref: Text = None
    vcpus: int | None = None
    memory_mb: int | None = None
    root_gb: int | None = None
    created_at: Text = None
    description: Text = field(default=None, name="display_description")
    locked: bool | None = None
    project_id: Text = None


class Service(Struct, kw_only=True):
    id: int
    host: Text = None
    binary: str = ""
    disabled: bool | None = None
    disabled_reason: Text = None
    forced_down: bool | None = None


class ComputeNode(Struct, kw_only=True):
    service_id: int | None = None
    host: Text = None
    hypervisor_hostname: Text = None
    hypervisor_type: Text = None
    hypervisor_version: int | None = None
    host_ip: Text = None


class HostMapping(Struct, kw_only=True):
    cell_id: int
    host: str


class Cell(Struct, kw_only=True):
    """`database`: name of its database, on whatever server; cut out of the connection's URL by the server itself."""

    id: int
    name: Text = None
    disabled: bool | None = None
    database: Text = None


class AggregateHost(Struct, kw_only=True):
    aggregate_id: int
    host: str


class AggregateMetadata(Struct, kw_only=True):
    aggregate_id: int
    key: str
    value: Text = None


CELL_TABLES: dict[str, Table] = {
    "instances": Table("instances", Instance, where=("deleted", "hidden")),
    "services": Table("services", Service, where=_DELETED),
    "compute_nodes": Table("compute_nodes", ComputeNode, where=_DELETED),
}
"""What is read of the database of a cell."""
API_TABLES: dict[str, Table] = {
    "host_mappings": Table("host_mappings", HostMapping),
    "aggregate_hosts": Table("aggregate_hosts", AggregateHost),
    "aggregate_metadata": Table("aggregate_metadata", AggregateMetadata),
}
"""What is read of the database of the API, besides the cells."""
CELLS = Table("cell_mappings", Cell)
_URL = "^[a-z0-9+]+://[^/?]*@[^/?@]+/[A-Za-z0-9_$-]+([?].*)?$"


def cells_text(database: str, columns: set[str]) -> str:
    """Text that asks for the cells without their passwords.

    Only what stands between the last slash and the question mark of a URL of the usual form leaves the server.
    """
    name = "SUBSTRING_INDEX(SUBSTRING_INDEX(database_connection, '?', 1), '/', -1)"
    disabled = "disabled" if "disabled" in columns else "0 AS disabled"
    found = f"CASE WHEN database_connection REGEXP '{_URL}' THEN {name} END AS `database`"
    return f"SELECT id, name, {disabled}, {found} FROM {quoted(database)}.cell_mappings"  # noqa: S608
