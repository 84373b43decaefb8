"""What source `neutron_db` makes of rows, and what it does where some cannot be had."""

from __future__ import annotations

from calipso.errors import AuthFailed, CommandFailed, Unreachable
from calipso.model.record import RunEnded
from calipso.sources.neutron_db import SOURCE
from tests.support.databases_said import CLOUD, NEUTRON_ROWS, collected, records


def said() -> dict[str, dict[str, object]]:
    return {id: record.attributes for id, record in records(collected(SOURCE, CLOUD)).items()}


def ends(found: list[object]) -> dict[str, RunEnded]:
    return {each.scope.part: each for each in found if isinstance(each, RunEnded)}


def test_levels_of_a_binding_tell_what_carries_a_port_on_its_host() -> None:
    port = said()["port:p1"]
    assert [(each["level"], each["segment"]) for each in port["binding_levels"]] == [
        (0, "segment:s1"),
        (1, "segment:s2"),
    ]
    assert port["medium"] == "overlay/vxlan", "the lowest level, not the fabric's VLAN"
    assert (port["host"], port["vif_type"]) == ("cmp1", "ovs"), "the active binding"
    assert port["bindings"] == [{"host": "cmp2", "status": "INACTIVE", "vif_type": "unbound", "vnic_type": "normal"}]
    assert port["provisioning_blocks"] == ["DHCP", "L2"]


def test_a_distributed_port_is_bound_on_many_hosts_and_has_none_of_its_own() -> None:
    port = said()["port:p3"]
    assert [(each["host"], each["status"]) for each in port["bindings"]] == [("cmp1", "ACTIVE"), ("cmp2", "DOWN")]
    assert {each["router_id"] for each in port["bindings"]} == {"r1"}
    assert "host" not in port and "medium" not in port


def test_a_subport_knows_its_parent_and_a_bound_port_is_its_guests_nic() -> None:
    found = said()
    assert (found["port:p4"]["parent_port"], found["port:p4"]["subport_vlan"]) == ("p1", 200)
    nic = found["instance:i1/vnic:fa:16:3e:00:00:01"]
    assert nic == {"host": "cmp1", "instance": "instance:i1", "mac": "fa:16:3e:00:00:01", "port_id": "p1"}


def test_twin_macs_of_an_instance_are_one_nic_without_a_port() -> None:
    twin = {**NEUTRON_ROWS["ports"][0], "id": "p9"}
    bound = {**NEUTRON_ROWS["ml2_port_bindings"][1], "port_id": "p9"}
    rows = {
        **NEUTRON_ROWS,
        "ports": [*NEUTRON_ROWS["ports"], twin],
        "ml2_port_bindings": [*NEUTRON_ROWS["ml2_port_bindings"], bound],
    }
    nic = records(collected(SOURCE, {"neutron": rows}))["instance:i1/vnic:fa:16:3e:00:00:01"]
    assert "port_id" not in nic.attributes


def test_endpoints_are_those_of_the_tables_and_of_agents() -> None:
    found = {id: each for id, each in said().items() if "/otep:" in id}
    assert found["cmp1/otep:vxlan:192.0.2.1"]["udp_port"] == 4789
    assert set(found) == {"cmp1/otep:vxlan:192.0.2.1", "cmp2/otep:gre:192.0.2.2"}


def test_a_router_knows_its_agents_and_where_it_is_active() -> None:
    router = said()["router:r1"]
    assert router["l3_agents"] == ["agent:a1", "agent:a2"]
    assert [(each["host"], each["state"]) for each in router["ha_states"]] == [("cmp1", "active"), ("cmp2", "standby")]
    assert router["gateway_network"] == "network:n1"


def test_the_same_rows_in_another_order_are_the_same_records() -> None:
    backwards = {name: list(reversed(rows)) for name, rows in NEUTRON_ROWS.items()}
    assert collected(SOURCE, {"neutron": backwards}) == collected(SOURCE, {"neutron": NEUTRON_ROWS})


def test_a_server_that_is_down_fails_every_scope_and_says_why() -> None:
    found = ends(collected(SOURCE, CLOUD, {"": Unreachable("mysql db:3306: Connection refused")}))
    assert set(found) == {"agents", "networks", "ports", "routers"}
    assert {each.status for each in found.values()} == {"failed"}
    assert "Connection refused" in found["ports"].errors[0].message


def test_a_table_that_may_not_be_read_fails_only_what_needs_it() -> None:
    failing = {"neutron.ml2_port_binding_levels": AuthFailed("SELECT command denied")}
    found = ends(collected(SOURCE, CLOUD, failing))
    assert {part: each.status for part, each in found.items()} == {
        "agents": "completed", "networks": "completed", "ports": "failed", "routers": "completed",
    }  # fmt: skip
    assert found["ports"].errors[0].where == "neutron.ml2_port_binding_levels"


def test_a_table_that_goes_meanwhile_is_named() -> None:
    failing = {"neutron.routers": CommandFailed("Table 'neutron.routers' doesn't exist", exit_code=1146)}
    assert "neutron.routers" in ends(collected(SOURCE, CLOUD, failing))["routers"].errors[0].message


def test_a_needed_table_that_is_lacking_is_named_and_an_unneeded_one_is_not_missed() -> None:
    rows = {name: each for name, each in NEUTRON_ROWS.items() if name not in ("networksegments", "provisioningblocks")}
    found = ends(collected(SOURCE, {"neutron": rows}))
    assert found["networks"].status == found["ports"].status == "failed" and found["agents"].status == "completed"
    assert "neutron.networksegments" in found["ports"].errors[0].message
    assert len(found["ports"].errors) == 1


def test_the_database_is_found_whatever_it_is_called() -> None:
    assert ends(collected(SOURCE, {"ovs_neutron": NEUTRON_ROWS}))["ports"].status == "completed"
    both = {"neutron_old": NEUTRON_ROWS, "neutron_new": NEUTRON_ROWS}
    told = ends(collected(SOURCE, both))["ports"]
    assert told.status == "failed" and "neutron_new, neutron_old" in told.errors[0].message
    assert ends(collected(SOURCE, both, database="neutron_new"))["ports"].status == "completed"
    assert ends(collected(SOURCE, {}))["ports"].status == "failed"
