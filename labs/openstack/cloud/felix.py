"""Does on its host what Felix does, for the lab: Calico's agent is a Go program that neither Debian nor PyPI has.

What Neutron's driver wrote to etcd for this host it makes so once a second: the instance's interface is up and answers
ARP for everything, each address is a route to it, chains named as Felix's let its traffic through. It tells Neutron by
messages that it is alive, and whose interfaces have a guest: Felix tells etcd so, but the driver does not look there
(`calico_driver.py` says why).
"""

from __future__ import annotations

import base64
import configparser
import hashlib
import json
import logging
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

from etcd3gw.client import Etcd3Client
from neutron.agent import rpc
from neutron.common import config as common
from neutron.conf.agent import common as agent
from neutron_lib import context
from neutron_lib.agent import topics
from oslo_config import cfg
from setproctitle import setproctitle

NAME, KIND = "calico-felix", "Calico per-host agent (felix)"
CONFIG, NEUTRON = "/etc/calico/felix.cfg", "/etc/neutron/neutron.conf"
ENDPOINTS = "/calico/resources/v3/projectcalico.org/workloadendpoints/"
PROTOCOL = "80"
"""By which Felix knows routes of its own (DeviceRouteProtocol)."""
EVERY, REPORT = 1.0, 10.0
DEVICES = Path("/sys/class/net")
SWITCHES = Path("/proc/sys/net/ipv4/conf")
DISPATCH = {"-i": "cali-from-wl-dispatch", "-o": "cali-to-wl-dispatch"}
OWN = {"-i": "cali-fw-", "-o": "cali-tw-"}
"""By the side of the interface: chains for what comes from an instance, and for what goes to one."""
LOG = logging.getLogger(NAME)


class Endpoint(NamedTuple):
    """An instance's NIC, as etcd tells of it."""

    port: str
    device: str
    mac: str
    addresses: tuple[str, ...]


def main() -> None:
    settings = configparser.ConfigParser()
    settings.read(CONFIG)
    said = settings["global"]
    common.register_common_config_options()
    agent.register_agent_state_opts_helper(cfg.CONF)
    common.init(["--config-file", NEUTRON])
    setproctitle(NAME)
    address, _, port = said["EtcdEndpoints"].removeprefix("http://").partition(":")
    felix = Felix(said["FelixHostname"], Etcd3Client(host=address, port=int(port), timeout=5))
    while True:
        try:
            felix.report()
            felix.look()
        except Exception:  # whatever it is away may be back a second later
            LOG.exception("once more")
        time.sleep(EVERY)


class Felix:
    """served: interface → what was made so. wired: (port, number of its interface) that Neutron was told to be up."""

    def __init__(self, host: str, etcd: Any) -> None:
        self.host = host
        self.etcd = etcd
        self.context = context.get_admin_context_without_session()
        self.reports = rpc.PluginReportStateAPI(topics.REPORTS)
        self.plugin = rpc.PluginApi(topics.PLUGIN)
        self.served: dict[str, Endpoint] = {}
        self.wired: set[tuple[str, str]] = set()
        self.reported = 0.0
        self.start = {"start_flag": True}

    def report(self) -> None:
        """That it is alive, as an agent of Neutron."""
        if time.monotonic() - self.reported < REPORT and self.reported:
            return
        state = {"agent_type": KIND, "binary": NAME, "host": self.host, "topic": "N/A", "configurations": {}}
        self.reports.report_state(self.context, {**state, **self.start})
        self.reported, self.start = time.monotonic(), {}

    def look(self) -> None:
        """Make it so, as far as it is not."""
        ordered = self.ordered()
        wanted = {each.device: each for each in ordered if (DEVICES / each.device).exists()}
        _routes(wanted)
        if wanted != self.served:
            _chains(wanted)
            self.served = wanted
        self.tell({each.port for each in ordered}, {(each.port, _number(each.device)) for each in wanted.values()})

    def tell(self, ordered: set[str], there: set[tuple[str, str]]) -> None:
        """Ports that changed, to Neutron. One that is not ordered any more is nothing to Neutron either."""
        wired = {(port, number) for port, number in there if number}
        own = {"agent_id": self.host, "host": self.host}
        for port in {port for port, _ in self.wired} - {port for port, _ in wired}:
            if port in ordered:
                self.plugin.update_device_down(self.context, device=port, **own)
        for port, _ in wired - self.wired:
            self.plugin.update_device_up(self.context, device=port, **own)
        self.wired = wired

    def ordered(self) -> list[Endpoint]:
        """The endpoints of this host, whose interfaces may not be there yet."""
        found = []
        for value, _ in self.etcd.get_prefix(ENDPOINTS):
            spec = json.loads(value)["spec"]
            if spec["node"] == self.host:
                found.append(Endpoint(spec["endpoint"], spec["interfaceName"], spec["mac"], tuple(spec["ipNetworks"])))
        return found


def _number(device: str) -> str:
    """Of an interface that a guest has opened, another one when it was made anew; else empty."""
    try:
        carrier, number = ((DEVICES / device / name).read_text().strip() for name in ("carrier", "ifindex"))
    except OSError:  # it is gone, or not set up
        return ""
    return number if carrier == "1" else ""


def _routes(wanted: dict[str, Endpoint]) -> None:
    """Of IPv4: the lab has no other. Those that went with their interface are made again with the next one."""
    listed = json.loads(_run("ip", "-j", "route", "show", "proto", PROTOCOL) or "[]")
    there = {(each["dst"].removesuffix("/32"), each["dev"]) for each in listed}
    want = {
        (net.removesuffix("/32"), device): each.mac
        for device, each in wanted.items() for net in each.addresses if net.endswith("/32")
    }  # fmt: skip
    lines = [f"route del {address}/32 dev {device}" for address, device in there - want.keys()]
    for address, device in want.keys() - there:
        (SWITCHES / device / "proxy_arp").write_text("1")
        lines += [
            f"link set {device} up",
            f"route replace {address}/32 dev {device} scope link proto {PROTOCOL}",
            f"neigh replace {address} lladdr {want[address, device]} dev {device} nud permanent",
        ]
    if lines:
        _run("ip", "-force", "-batch", "-", stdin="\n".join(lines))


def _chains(wanted: dict[str, Endpoint]) -> None:
    """All chains anew: what is not wanted any more is emptied, then taken away."""
    saved = _run("iptables-save", "-t", "filter")
    named = {line.split()[0].removeprefix(":") for line in saved.splitlines() if line.startswith(":cali-")}
    own = {f"{begins}{device}" for begins in OWN.values() for device in wanted}
    stays = {"cali-FORWARD", *DISPATCH.values(), *own}
    rules = [_rule("cali-FORWARD", side, "tap+", f"-j {chain}") for side, chain in DISPATCH.items()]
    for side, dispatch in DISPATCH.items():
        rules += [_rule(dispatch, side, device, f"-g {OWN[side]}{device}") for device in sorted(wanted)]
        rules.append(_rule(dispatch, "", "", '-m comment --comment "Unknown interface" -j DROP'))
    rules += [_rule(chain, "", "", "-j ACCEPT") for chain in sorted(own)]
    hook = _rule("FORWARD", "", "", "-j cali-FORWARD")
    if "-j cali-FORWARD" not in saved:
        rules.append(hook)
    lines = ["*filter", *(f":{chain} - [0:0]" for chain in sorted(stays | named)), *rules,
             *(f"-X {chain}" for chain in sorted(named - stays)), "COMMIT", ""]  # fmt: skip
    _run("iptables-restore", "--noflush", stdin="\n".join(lines))


def _rule(chain: str, side: str, device: str, does: str) -> str:
    """With a comment by which Felix knows a rule of its own."""
    match = f" {side} {device}" if side else ""
    digest = base64.urlsafe_b64encode(hashlib.sha256(f"{chain}{match} {does}".encode()).digest()).decode()
    return f'-A {chain}{match} -m comment --comment "cali:{digest[:16]}" {does}'


def _run(*argv: str, stdin: str = "") -> str:
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True)
    if done.returncode:
        LOG.warning("%s: %s", " ".join(argv), done.stderr.strip())
    return done.stdout


if __name__ == "__main__":
    main()
