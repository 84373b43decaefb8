"""Firewalls, as Neutron's extension FWaaS v2 tells them: groups of ports and the rules on both their ways."""

from __future__ import annotations

from calipso.model import ids
from calipso.model.record import Attributes, Record
from calipso.sources.openstack.listings import FWAAS, Listings, known, said
from calipso.sources.openstack.parse_services import FirewallGroup, FirewallPolicy, FirewallRule


def records(listed: Listings) -> list[Record]:
    policies = {each.id: each for each in listed.firewall_policies}
    rules = {each.id: each for each in listed.firewall_rules}
    return [
        said(ids.by_uuid("firewall", each.id), FWAAS, "firewall", _firewall(each, policies, rules, listed))
        for each in listed.firewall_groups
    ]


def _firewall(
    group: FirewallGroup, policies: dict[str, FirewallPolicy], rules: dict[str, FirewallRule], listed: Listings
) -> Attributes:
    found: Attributes = {
        "name": group.name or group.id,
        "service_type": "firewall",
        "status": group.status,
        "admin_state_up": group.admin_state_up,
        "shared": group.shared,
        "port_refs": sorted(ids.by_uuid("port", each) for each in group.ports),
        "description": group.description,
        **listed.project(group.project_id),
    }
    for way, id in (("ingress", group.ingress_firewall_policy_id), ("egress", group.egress_firewall_policy_id)):
        if not id:
            continue
        policy = policies.get(id)
        found[f"{way}_policy"] = (policy and policy.name) or id
        if policy is not None:  # else it may not be seen: of its rules nothing is known
            found[f"{way}_rules"] = [_rule(rules.get(each), each) for each in policy.firewall_rules]
    return found


def _rule(rule: FirewallRule | None, id: str) -> Attributes:
    """What may not be seen stands in its place, or what comes after it would seem to decide."""
    if rule is None:
        return {"id": id, "hidden": True}
    return known({
        "name": rule.name, "action": rule.action, "protocol": rule.protocol, "ip_version": rule.ip_version,
        "source": rule.source_ip_address, "source_port": rule.source_port,
        "destination": rule.destination_ip_address, "destination_port": rule.destination_port,
        "enabled": rule.enabled,
    })  # fmt: skip
