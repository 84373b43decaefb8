"""Users and endpoints of the cloud's services."""

from __future__ import annotations

from typing import Any

from labs.openstack import declaration as d
from labs.openstack.cloud.connecting import connect


def main() -> None:
    identity = connect().identity
    project = identity.find_project("service") or identity.create_project(name="service", domain_id="default")
    roles = {name: _role(identity, name) for name in ("admin", "service", "member", "reader")}
    for api in d.REGISTERED:
        user = identity.find_user(api.name) or identity.create_user(
            name=api.name, password=d.PASSWORD, domain_id="default"
        )
        for role in ("admin", "service"):
            identity.assign_project_role_to_user(project, user, roles[role])
        service = identity.create_service(name=api.name, type=api.type)
        for interface in ("public", "internal", "admin"):
            identity.create_endpoint(service_id=service.id, interface=interface, url=api.url, region_id=d.REGION)


def _role(identity: Any, name: str) -> Any:
    return identity.find_role(name) or identity.create_role(name=name)


if __name__ == "__main__":
    main()
