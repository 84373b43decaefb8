"""Neutron's ML2 with the mechanism driver of Project Calico, which is older than this Neutron.

The driver is that of the package networking-calico, loaded by its own entry point. Of what it does in the threads that
answer requests five things do not fit any more, and are replaced here before it is made; the package stays as it is:

- transactions: it begins nested ones (`subtransactions=True`), which SQLAlchemy 2 does not know;
- groups: asked for rules, Neutron makes the default security group of who asks; in a transaction that others do not see
  two do so at once, and one of them fails;
- its client of etcd: hands over a timeout that etcd3gw meanwhile hands over itself;
- its lock: one of eventlet, which real threads may wait for in vain;
- options: it reads those of an agent and of an account in Keystone, which its process may not have registered.

What it does in green threads (election, resynchronisation, looking for what Felix tells of itself) does not run, as
nothing of this Neutron runs eventlet. So the lab's Felix speaks to Neutron itself, see `felix.py`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from etcd3gw.client import Etcd3Client
from keystoneauth1 import loading
from networking_calico import etcdv3
from networking_calico.plugins.ml2.drivers.calico import mech_calico
from neutron.conf.agent import common as agent
from neutron.plugins.ml2.plugin import Ml2Plugin
from neutron_lib.db import api
from oslo_config import cfg

ACCOUNT = "keystone_authtoken"
"""The section of neutron.conf with which the driver asks Keystone for names of projects."""


class Plugin(Ml2Plugin):
    """ML2, which makes the driver when it is made itself."""

    def __init__(self) -> None:
        mend()
        super().__init__()


def mend() -> None:
    """Replace what does not fit this Neutron."""
    agent.register_agent_state_opts_helper(cfg.CONF)
    loading.register_auth_conf_options(cfg.CONF, ACCOUNT)
    cfg.CONF.register_opts(loading.get_auth_plugin_conf_options("password"), group=ACCOUNT)
    mech_calico.CalicoMechanismDriver._txn_from_context = _transaction
    mech_calico.Semaphore = threading.Lock
    said = cfg.CONF.calico
    etcdv3._client = Etcd3Client(host=said.etcd_host, port=said.etcd_port, timeout=said.etcd_timeout)


@contextlib.contextmanager
def _transaction(driver: Any, context: Any, tag: str = "") -> Iterator[Any]:
    """One of Neutron's own; within another one it is a part of that. What it would make besides is made before it."""
    if context.project_id:
        driver.db._ensure_default_security_group(context, context.project_id)
    with api.CONTEXT_WRITER.using(context) as session:
        yield session
