"""Regions with their endpoints, and projects, as Keystone tells them."""

from __future__ import annotations

from calipso.model import ids
from calipso.model.record import Record
from calipso.sources.openstack.listings import KEYSTONE, Listings, said


def records(listed: Listings) -> list[Record]:
    return [*_regions(listed), *_projects(listed)]


def _regions(listed: Listings) -> list[Record]:
    services = {each.id: each for each in listed.services}
    out = []
    for each in listed.regions:
        endpoints = [
            {
                "service": services[one.service_id].name or services[one.service_id].type,
                "service_type": services[one.service_id].type,
                "interface": one.interface,
                "url": one.url,
                "enabled": one.enabled,
            }
            for one in listed.endpoints
            if one.region_id == each.id and one.service_id in services
        ]
        endpoints.sort(key=lambda one: (str(one["service_type"]), str(one["interface"]), str(one["url"])))
        attributes = {
            "name": each.id,
            "description": each.description,
            "parent_region": ids.region(each.parent_region_id) if each.parent_region_id else None,
            "endpoints": endpoints,
        }
        out.append(said(ids.region(each.id), KEYSTONE, "region", attributes))
    return out


def _projects(listed: Listings) -> list[Record]:
    return [
        said(
            ids.by_uuid("project", each.id),
            KEYSTONE,
            "project",
            {
                "name": each.name,
                "description": each.description,
                "enabled": each.enabled,
                "is_domain": each.is_domain,
                "domain_id": each.domain_id,
                "parent_id": each.parent_id,
            },
        )
        for each in listed.projects
    ]
