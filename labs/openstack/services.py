"""Starts the cloud: message bus, APIs, agents, and with OVN its databases and controllers."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from labs.openstack import calico, database
from labs.openstack import declaration as d
from labs.openstack.database import NEUTRON
from labs.openstack.running import CHECKOUT, RUN, SLOW, Running, wait
from labs.plain.running import LabError

RABBIT = "/var/lib/lab-rabbit"
NODE = ("env", f"HOME={RABBIT}", "RABBITMQ_NODENAME=rabbit@ctl", "LANG=C.UTF-8")
BUS = (
    *NODE, f"RABBITMQ_MNESIA_BASE={RABBIT}/mnesia", f"RABBITMQ_LOG_BASE={RABBIT}/log",
    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1:1 +sbwt none", "/usr/lib/rabbitmq/bin/rabbitmq-server",
)  # fmt: skip
BUS_CONTROL = (*NODE, "/usr/lib/rabbitmq/bin/rabbitmqctl", "--quiet")
OWN_QUEUES, OTHERS = "calipso-", "nova|neutron|keystone|glance|openstack"
WEB = (
    "--master", "--processes", "1", "--threads", "4", "--enable-threads", "--lazy-apps", "--need-app", "--die-on-term",
    "--buffer-size", "65535", "--add-header", "Connection: close", "--http-chunked-input", "--disable-logging",
)  # fmt: skip
KEYS = r"""
for d in fernet-keys credential-keys; do
  mkdir -p -m 700 /etc/keystone/$d
  for i in 0 1; do head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' > /etc/keystone/$d/$i; done
  chmod 600 /etc/keystone/$d/*
done
"""
"""What `keystone-manage fernet_setup` and `credential_setup` write: 32 random octets in URL-safe Base64."""
KEYSTONE_FILES = "OS_KEYSTONE_CONFIG_DIR=/etc/keystone/"
TOKENS_LAST = 3600
"""Seconds that a token of Keystone lasts unless told otherwise."""
OVN_RUN, OVN_DATA = "/run/ovn", "/var/lib/ovn"
OVN_DATABASES = f"""
mkdir -p {OVN_DATA} {OVN_RUN} /var/log/ovn
cd {OVN_DATA}
for each in nb:{d.NORTHBOUND_PORT} sb:{d.SOUTHBOUND_PORT}; do
  n=${{each%:*}}
  ovsdb-tool create $n.db /usr/share/ovn/ovn-$n.ovsschema
  ovsdb-server $n.db --remote=ptcp:${{each#*:}} --remote=punix:{OVN_RUN}/ovn${{n}}_db.sock \
    --unixctl={OVN_RUN}/ovn${{n}}_db.ctl --pidfile={OVN_RUN}/ovn${{n}}_db.pid --detach --log-file=/var/log/ovn/$n.log
done
"""
OF_AGENTS = ("qdhcp-", "qrouter-", "snat-", "fip-")
"""How namespaces of Neutron's agents are named."""
OURS = ("env", f"PYTHONPATH={CHECKOUT}")
"""Before a program that loads Neutron's plug-ins: with Calico one of them is the lab's."""
AGENT = ("--config-file", "/etc/neutron/neutron.conf", "--config-file")


def bus(made: Running) -> None:
    """RabbitMQ; it answers some seconds later."""
    made.run(d.CTL.name, "mkdir", "-p", RABBIT)
    made.serve(d.CTL.name, "rabbitmq", *BUS)


def bus_away(made: Running) -> None:
    """RabbitMQ ends in good order; `bus` starts it again."""
    made.run(d.CTL.name, *BUS_CONTROL, "stop", f"{RABBIT}/mnesia/rabbit@ctl.pid", timeout=SLOW)
    wait(
        60,
        "the end of RabbitMQ",
        lambda: not made.answers(d.CTL.name, "sh", "-c", "kill -0 $(cat /run/lab/rabbitmq.pid)"),
    )


def listener(made: Running) -> None:
    """A user of the bus for Calipso, with the rights that it needs and no others."""
    rights = (f"^{OWN_QUEUES}", rf"^({OWN_QUEUES}.*|amq\.default)$", f"^({OWN_QUEUES}.*|{OTHERS})$")
    made.run(d.CTL.name, *BUS_CONTROL, "add_user", d.LISTENER, d.PASSWORD)
    made.run(d.CTL.name, *BUS_CONTROL, "set_permissions", d.LISTENER, *rights)


def identity(made: Running) -> None:
    """Keystone, with the services' users and catalogue."""
    made.script(d.CTL.name, KEYS)
    new = database.count(made, "keystone.endpoint") == 0
    if new:
        made.run(
            d.CTL.name, "keystone-manage", "bootstrap", "--bootstrap-password", d.PASSWORD,
            "--bootstrap-region-id", d.REGION,
            *(word for each in ("admin", "internal", "public") for word in (f"--bootstrap-{each}-url", d.KEYSTONE.url)),
            timeout=SLOW,
        )  # fmt: skip
    _web(made, d.KEYSTONE, KEYSTONE_FILES)
    if new:
        wait(90, d.KEYSTONE.name, partial(_answers, made, d.KEYSTONE))
        made.program("catalogue")
    database.keep(made)


def tokens_last(made: Running, seconds: int) -> None:
    """Keystone begins anew, and its tokens last so long from now on; those that it made before are as they were."""
    name = f"{d.KEYSTONE.name}-api"
    edit = rf"/^expiration *=/d; s/^\[token\]$/&\nexpiration = {seconds}/"
    made.run(d.CTL.name, "sed", "-i", edit, "/etc/keystone/keystone.conf")
    _end(made, d.CTL.name, name)
    _web(made, d.KEYSTONE, KEYSTONE_FILES)
    wait(90, d.KEYSTONE.name, partial(_answers, made, d.KEYSTONE))


def controllers(made: Running) -> None:
    """All that runs on the control host, and what its agents speak to."""
    wait(90, "rabbitmq", lambda: made.answers(d.CTL.name, "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/5672"))
    if made.mechanism == "ovn":
        _ovn(made)
    if made.mechanism == "calico":
        calico.datastore(made)
    for api in d.REGISTERED:
        _web(made, api)
    made.serve(d.CTL.name, "neutron-rpc-server", *OURS, "neutron-rpc-server", *NEUTRON)
    for name in ("nova-conductor", "nova-scheduler"):
        made.serve(d.CTL.name, name, name)
    wait(180, d.NEUTRON.name, partial(_answers, made, d.NEUTRON))


def agents(made: Running) -> None:
    """What runs on every host, and waits until the cloud says that all of it is alive."""
    for host in d.HOSTS:
        made.serve(host.name, "sshd", "/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/lab/sshd_config")
        if made.mechanism == "ovs":
            own = "/etc/neutron/plugins/ml2/openvswitch_agent.ini"
            made.serve(host.name, "neutron-openvswitch-agent", "neutron-openvswitch-agent", *AGENT, own)
        if host.computes:
            if made.mechanism == "calico":
                calico.agents(made, host)
            made.serve(host.name, "libvirtd", "libvirtd")
            made.serve(host.name, "nova-compute", "nova-compute")
    if made.mechanism == "ovs":
        for name, where in d.agents(made.routers):
            agent = f"neutron-{name}-agent"
            made.serve(where, agent, agent, *AGENT, f"/etc/neutron/{name}_agent.ini")
    elif made.mechanism == "ovn":
        made.serve(d.CTL.name, "neutron-ovn-maintenance", "neutron-ovn-maintenance-worker", *NEUTRON)
    made.serve(d.CTL.name, "neutron-periodic", *OURS, "neutron-periodic-workers", *NEUTRON)
    for api in (d.NOVA, d.GLANCE):
        wait(180, api.name, partial(_answers, made, api))
    made.program("alive", made.mechanism, made.routers)
    made.run(d.CTL.name, "nova-manage", "cell_v2", "discover_hosts", timeout=SLOW)


def facts(made: Running) -> dict[str, Any]:
    """What the cloud's API tells (`cloud/facts.py` says how), and of segments it does not list what OVN names them.

    Raises `LabError`.
    """
    told: dict[str, Any] = json.loads(made.program("facts"))
    if made.unlisted and made.mechanism == "ovn":
        told["segments_named"] = database.segments(made, ("flat", "vlan"))
    return told


def swept(made: Running) -> None:
    """Hosts have no namespace of an agent any more that the API does not tell of.

    Neutron's agents that missed that something went, because the bus was away, take it away when they begin anew.
    """
    try:
        wait(20, "agents to take away what is gone", lambda: not _strays(made))
    except LabError:
        for host, agent in {(host, "dhcp" if netns.startswith("qdhcp-") else "l3") for host, netns in _strays(made)}:
            name = f"neutron-{agent}-agent"
            _end(made, host, name)
            made.serve(host, name, name, *AGENT, f"/etc/neutron/{agent}_agent.ini")
        wait(120, "agents begun anew to take away what is gone", lambda: not _strays(made))


def _strays(made: Running) -> set[tuple[str, str]]:
    """(host, namespace) of what agents hold and the API does not tell of."""
    found = set()
    for host in d.HOSTS:
        names = [line.split()[0] for line in made.run(host.name, "ip", "netns", "list").splitlines() if line.strip()]
        found |= {(host.name, name) for name in names if name.startswith(OF_AGENTS)}
    return found - {(each["host"], each["netns"]) for each in facts(made)["services"]}


def _end(made: Running, host: str, name: str) -> None:
    made.script(host, f"kill $(cat {RUN}/{name}.pid)")
    wait(60, f"the end of {name}", lambda: not made.answers(host, "sh", "-c", f"kill -0 $(cat {RUN}/{name}.pid)"))


def _answers(made: Running, api: d.Api) -> bool:
    """Glance answers its root with 300, others with 200; all that counts is that it is an answer."""
    return made.answers(d.CTL.name, "curl", "--silent", "--output", "/dev/null", "--max-time", "50", api.url)


def _web(made: Running, api: d.Api, *said: str) -> None:
    name = f"{api.name}-api"
    made.serve(
        d.CTL.name, name, *OURS, *said, "uwsgi", "--procname-prefix", f"{name} ",
        "--http-socket", f"0.0.0.0:{api.port}",
        "--module", f"{api.module}:application", "--virtualenv", str(made.venv), *WEB,
    )  # fmt: skip


def _ovn(made: Running) -> None:
    made.script(d.CTL.name, OVN_DATABASES)
    ends = (f"--ovn{each}-db=unix:{OVN_RUN}/ovn{each}_db.sock" for each in ("nb", "sb"))
    made.serve(d.CTL.name, "ovn-northd", "ovn-northd", *ends)
    for host in d.HOSTS:
        said = {
            "ovn-remote": f"tcp:{d.CTL.address}:{d.SOUTHBOUND_PORT}", "ovn-encap-type": "geneve",
            "ovn-encap-ip": host.tunnel_address, "ovn-bridge-datapath-type": "netdev",
            "ovn-bridge-mappings": f"{d.PHYSNET}:{d.PROVIDER_BRIDGE}",
            **({"ovn-cms-options": "enable-chassis-as-gw"} if host.controls else {}),
        }  # fmt: skip
        made.run(host.name, "mkdir", "-p", OVN_RUN)
        words = (f"external_ids:{key}={value}" for key, value in said.items())
        made.run(host.name, "ovs-vsctl", "--timeout=20", "set", "open", ".", *words)
        made.serve(host.name, "ovn-controller", "ovn-controller", "unix:/run/openvswitch/db.sock")
