"""Documents as the original writes them: what they become, what is kept, what is refused and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from calipso.errors import ConfigError
from calipso.model.environment import AmqpAccess, OpenStackAccess
from calipso.model.original import not_used_yet
from calipso.runtime.home import Home, environment_of

HERE = Path(__file__).parent / "original"
FIRST = (HERE / "first.json").read_text()
SECOND = (HERE / "second.yaml").read_text()


def test_the_first_generation() -> None:
    environment = environment_of(FIRST, "file")
    assert (environment.name, environment.type) == ("site-liberty", "OpenStack")
    assert (environment.distribution, environment.distribution_version) == ("Mirantis", "9.0")
    assert (environment.mechanism_drivers, environment.type_drivers) == (("OVS",), ("vxlan",))
    gateway, node = environment.hosts["192.0.2.239"].ssh, environment.hosts["node-6.example.org"].ssh
    assert gateway is not None and node is not None
    assert (gateway.host, gateway.user, gateway.keys) == ("192.0.2.239", "root", ("~/.ssh/fuel",))
    assert (node.host, node.user, node.password) == ("node-6.example.org", "fueladmin", "env:NODE6")
    assert node.jump == ("root@192.0.2.239",) and gateway.jump == ()
    assert node.keys == gateway.keys, "whoever goes through the gateway has to be let in there"


def test_the_hosts_that_the_cloud_tells_of_are_reached_through_the_gateway() -> None:
    """The original's document names the gateway alone: it went on from there to every host that Nova has."""
    ways = environment_of(FIRST, "file").cloud_hosts
    assert ways is not None
    assert (ways.ssh.user, ways.ssh.keys, ways.ssh.jump) == ("root", ("~/.ssh/fuel",), ("root@192.0.2.239",))
    elsewhere = environment_of(changed(CLI__port="2222", CLI__host="fd00::5"), "file")
    assert elsewhere.cloud_hosts is not None and elsewhere.cloud_hosts.ssh.jump == ("root@[fd00::5]:2222",)
    node = elsewhere.hosts["node-6.example.org"].ssh
    assert node is not None and node.jump == ("root@[fd00::5]:2222",)
    assert environment_of(SECOND, "file").cloud_hosts is None, "nothing tells the hosts of Kubernetes yet"


def test_the_databases_are_those_of_the_section_mysql() -> None:
    databases = environment_of(FIRST, "file").hosts["mysql"]
    assert databases.mysql is not None and databases.ssh is None
    assert (databases.mysql.host, databases.mysql.port, databases.mysql.user) == ("192.0.2.239", 3307, "root")
    assert databases.mysql.password == "env:DB_PASSWORD"


def test_the_apis_are_those_of_the_section_openstack() -> None:
    apis = environment_of(FIRST, "file").hosts["openstack"].openstack
    assert apis == OpenStackAccess(auth_url="http://192.0.2.239:5000", user="adminuser", password="file:~/.calipso/os")
    secure = environment_of(changed(OpenStack__port=443, OpenStack__project="p", OpenStack__verify=False), "file")
    assert secure.hosts["openstack"].openstack == OpenStackAccess(
        auth_url="https://192.0.2.239:443", user="adminuser", password="file:~/.calipso/os", project="p", verify=False
    )


def test_the_second_generation_as_exported() -> None:
    environment = environment_of(SECOND, "file")
    assert (environment.name, environment.type, environment.type_drivers) == ("kube-site", "Kubernetes", ("bgp",))
    ssh = environment.hosts["198.51.100.74"].ssh
    assert ssh is not None and ssh.password == "env:KUBE_MASTER"
    assert "listener_kwargs" in not_used_yet(environment.original)


def test_what_is_not_carried_is_kept_as_it_is_and_listed() -> None:
    environment = environment_of(FIRST, "file")
    written = json.loads(FIRST)
    kept = environment.original
    assert kept["configuration"] == [each for each in written["configuration"] if each["name"] != "CLI"]
    assert all(kept[field] == written[field] for field in kept if field != "configuration")
    sections = ("Monitoring", "NFV_provider", "ACI")
    assert not_used_yet(kept)[-3:] == tuple(f"configuration.{name}" for name in sections)
    assert {"app_path", "auth", "_id"} <= set(not_used_yet(kept))
    assert not_used_yet({}) == ()


def test_it_is_taken_over_and_read_again(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for text in (FIRST, SECOND):
        home.put(text)
    assert set(home.configured()) == {"local", "site-liberty", "kube-site"}
    assert home.text("kube-site") == SECOND


def changed(**values: Any) -> str:
    """The first document with fields replaced; `OpenStack__host` is a field of a section, None takes one away."""
    document = json.loads(FIRST)
    sections = {section["name"]: section for section in document["configuration"]}
    for field, value in values.items():
        section, _, inner = field.rpartition("__")
        target = sections[section] if section else document
        target[inner] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("values", "where", "said"),
    [
        ({"OpenStack__host": None}, "configuration[0].host", "is missing"),
        ({"CLI__host": "http://10.0.0.1"}, "configuration[2].host", "without http://"),
        ({"CLI__usr": "x", "CLI__user": ""}, "configuration[2].user", "is 'usr' meant"),
        ({"CLI__keys": "x"}, "configuration[2].keys", "did you mean 'key'?"),
        ({"CLI__hosts": {"n": {"pwd": "x"}}}, "configuration[2].hosts.n.pwd", "by reference"),
        ({"CLI__hosts": ["n"]}, "configuration[2].hosts", "mapping"),
        ({"mysql__port": 70000}, "configuration[1].port", "65535"),
        ({"Monitoring__ssh_port": "x"}, "configuration[4].ssh_port", "65535"),
        ({"mysql__name": "MySQL5"}, "configuration[1].name", "did you mean 'mysql'?"),
        ({"mysql__name": "OpenStack"}, "configuration[1].name", "before it"),
        ({"AMQP__name": "ACI2"}, "configuration[3].name", "did you mean 'ACI'?"),
        ({"listen": "yes"}, "listen", "neither true nor false"),
        ({"environment_type": "Openstak"}, "environment_type", "did you mean 'OpenStack'?"),
        ({"environment_type": "VMware"}, "environment_type", "cannot be scanned"),
        ({"mechanism_drivers": 3}, "mechanism_drivers", "list"),
        ({"distribution": {}}, "distribution", "is not text"),
        ({"name": ""}, "name", "needs a name"),
        ({"name": "a/b"}, "name", "one word"),
        ({"configuration": []}, "configuration", "no section CLI"),
        ({"configuration": {}}, "configuration", "list of sections"),
        ({"configuration": ["CLI"]}, "configuration[0]", "not a section"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_place_in_the_document(values: dict[str, Any], where: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        environment_of(changed(**values), "file")
    assert error.value.where == f"file.{where}" and said in error.value.message + error.value.hint


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"CLI__key": "-----BEGIN RSA PRIVATE KEY-----s3cret"}, "configuration[2].key"),
        ({"app_path": "amqp://nova:s3cret@10.0.0.1"}, "app_path"),
    ],
)  # fmt: skip
def test_a_secret_where_none_belongs_is_refused_and_not_repeated(
    tmp_path: Path, values: dict[str, Any], where: str
) -> None:
    with pytest.raises(ConfigError) as error:
        Home(tmp_path).put(changed(**values))
    assert error.value.where == f"environment.{where}" and "file:PATH" in error.value.hint
    assert "s3cret" not in error.value.message + error.value.hint
    assert not list(tmp_path.rglob("*.yaml"))


@pytest.mark.parametrize(
    "values",
    [
        {"OpenStack__pwd": "s3cret"}, {"OpenStack__admin_token": "s3cret"}, {"Monitoring__rabbitmq_pass": "s3cret"},
        {"NFV_provider__nfv_token": "s3cret"}, {"pod_data": {"mongo_password": "s3cret"}},
    ],
)  # fmt: skip
def test_a_secret_in_clear_is_sealed(tmp_path: Path, values: dict[str, Any]) -> None:
    home = Home(tmp_path)
    home.put(changed(**values))
    assert "s3cret" not in home.text("site-liberty") and "sealed:v1:" in home.text("site-liberty")


def test_where_it_says_listen_the_section_amqp_is_the_message_bus() -> None:
    bus = environment_of(FIRST, "file").amqp
    assert bus == AmqpAccess(host="192.0.2.239", port=5673, user="nova", password="env:AMQP_PASSWORD")
    silent = environment_of(json.dumps(json.loads(FIRST) | {"listen": False}), "file")
    assert silent.amqp is None
    assert {"listen", "configuration.AMQP"} <= set(not_used_yet(silent.original))


def test_listening_needs_its_section() -> None:
    document = json.loads(FIRST)
    del document["configuration"][3]
    with pytest.raises(ConfigError, match=r"listen: listening needs a section AMQP"):
        environment_of(json.dumps(document), "file")


def test_several_documents_are_not_one_environment() -> None:
    with pytest.raises(ConfigError):
        environment_of(yaml.safe_dump([json.loads(FIRST), json.loads(FIRST)]), "file")
