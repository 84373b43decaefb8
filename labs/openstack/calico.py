"""Starts what Calico has of its own: its datastore, and on hosts of instances its agent and BIRD."""

from __future__ import annotations

from labs.openstack import declaration as d
from labs.openstack.running import CHECKOUT, Running, wait

URL = f"http://{d.CTL.address}:{d.ETCD_PORT}"
ETCD = (
    "etcd", "--name", d.CTL.name, "--data-dir", "/var/lib/lab-etcd",
    "--listen-client-urls", URL, "--advertise-client-urls", URL,
    "--listen-peer-urls", "http://127.0.0.1:2380", "--initial-advertise-peer-urls", "http://127.0.0.1:2380",
    "--initial-cluster", f"{d.CTL.name}=http://127.0.0.1:2380",
)  # fmt: skip
FELIX = ("env", f"PYTHONPATH={CHECKOUT}", "python", "-m", "labs.openstack.cloud.felix")
BIRD = ("bird", "-f", "-c", "/etc/bird/bird.conf", "-s", "/run/bird/bird.ctl")


def datastore(made: Running) -> None:
    """etcd, into which Neutron's driver writes what agents have to do. Raises `LabError`."""
    made.serve(d.CTL.name, "etcd", *ETCD)
    wait(30, "etcd", lambda: made.answers(d.CTL.name, "curl", "--silent", "--fail", "--max-time", "5", f"{URL}/health"))


def agents(made: Running, host: d.Host) -> None:
    """Felix's stand-in (`cloud/felix.py` says why), and BIRD, which tells the other hosts of its routes."""
    made.run(host.name, "mkdir", "-p", "/run/bird")
    made.serve(host.name, "calico-felix", *FELIX)
    made.serve(host.name, "bird", *BIRD)
