"""Facts about a host, each from one file or command: what `FACTS` asks for, its parser takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

from calipso.model.record import Attributes
from calipso.seams import Exec, Read, Request

_SECRET = re.compile(r"(?i)(pass|secret|token|key|cred|auth)")
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_MASK = "***"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NO_UUID = ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff")

_MAKERS = (
    ("KVM", "kvm"),
    ("QEMU", "kvm"),
    ("OpenStack", "kvm"),
    ("Google Compute Engine", "kvm"),
    ("Amazon EC2", "kvm"),
    ("VMware", "vmware"),
    ("VirtualBox", "virtualbox"),
    ("innotek GmbH", "virtualbox"),
    ("Xen", "xen"),
    ("Virtual Machine", "hyperv"),
    ("Parallels", "parallels"),
    ("BHYVE", "bhyve"),
)
"""What DMI names → the virtualisation it stands for; the first that is found counts."""


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace").strip()


def parse_uname(body: bytes) -> Attributes:
    """`uname -snrmv`: system, node, release, version (with blanks) and machine."""
    words = _text(body).split()
    if len(words) < 5:
        return {}
    return {
        "os": words[0],
        "hostname": words[1],
        "kernel": words[2],
        "kernel_version": " ".join(words[3:-1]),
        "architecture": words[-1],
    }


def parse_os_release(body: bytes) -> Attributes:
    """os-release(5)."""
    names = {"ID": "os_id", "VERSION_ID": "os_version", "PRETTY_NAME": "os_name", "ID_LIKE": "os_family"}
    out: Attributes = {}
    for line in _text(body).splitlines():
        key, equals, value = line.partition("=")
        if equals and key in names:
            try:
                words = shlex.split(value)
            except ValueError:
                words = [value.strip("\"'")]
            if words and words[0]:
                out[names[key]] = words[0]
    return out


def parse_machine_id(body: bytes) -> Attributes:
    """machine-id(5): 32 hexadecimal digits; `uninitialized` and empty mean none."""
    value = _text(body).lower()
    return {"machine_id": value} if re.fullmatch(r"[0-9a-f]{32}", value) else {}


def parse_product_uuid(body: bytes) -> Attributes:
    value = _text(body).lower()
    return {"product_uuid": value} if _UUID.fullmatch(value) and value not in _NO_UUID else {}


def _single(name: str) -> Callable[[bytes], Attributes]:
    def parse(body: bytes) -> Attributes:
        value = _text(body)
        return {name: value} if value else {}

    return parse


def parse_cpuinfo(body: bytes) -> Attributes:
    """/proc/cpuinfo: count, model and, on x86, whether a hypervisor is beneath. No frequencies: they change."""
    blocks = [block for block in _text(body).split("\n\n") if "processor" in block]
    if not blocks:
        return {}
    fields = {
        key.strip(): value.strip()
        for key, colon, value in (line.partition(":") for line in blocks[0].splitlines())
        if colon
    }
    out: Attributes = {"cpu_count": len(blocks)}
    for key, name in (
        ("model name", "cpu_model"),
        ("vendor_id", "cpu_vendor"),
        ("cpu family", "cpu_family"),
        ("stepping", "cpu_stepping"),
        ("microcode", "cpu_microcode"),
        ("cache size", "cpu_cache"),
        ("cpu cores", "cpu_cores_per_socket"),
    ):
        if fields.get(key):
            out[name] = int(fields[key]) if fields[key].isdigit() else fields[key]
    sockets = {match for block in blocks for match in re.findall(r"physical id\s*:\s*(\d+)", block)}
    if sockets:
        out["cpu_sockets"] = len(sockets)
    if "hypervisor" in fields.get("flags", "").split():
        out["virtual"] = True
    return out


def parse_memory(body: bytes) -> Attributes:
    """/proc/meminfo: the total alone, in bytes."""
    match = re.search(r"^MemTotal:\s+(\d+) kB", _text(body), re.MULTILINE)
    return {"memory": int(match[1]) * 1024} if match else {}


def parse_command_line(body: bytes) -> Attributes:
    """/proc/cmdline: a value whose name sounds like a secret is masked, and so are passwords in URLs."""
    words = []
    for word in _text(body).split():
        key, equals, _ = word.partition("=")
        words.append(f"{key}={_MASK}" if equals and _SECRET.search(key) else _USERINFO.sub(_MASK + "@", word))
    return {"kernel_command_line": " ".join(words)} if words else {}


def parse_hosts(body: bytes) -> Attributes:
    """hosts(5): name → full name, as far as the file itself tells; used for the host's own. Asks no name server."""
    full: dict[str, str] = {}
    for line in _text(body).splitlines():
        names = line.partition("#")[0].split()[1:]
        dotted = [name for name in names if "." in name and not name.endswith((".localdomain", ".localhost"))]
        for name in names:
            if dotted:
                full.setdefault(name.lower(), dotted[0])
    return {"hosts": full} if full else {}


FACTS: tuple[tuple[Request, Callable[[bytes], Attributes]], ...] = (
    (Exec(("uname", "-snrvm")), parse_uname),
    (Read("/etc/os-release"), parse_os_release),
    (Read("/etc/machine-id"), parse_machine_id),
    (Read("/etc/hosts"), parse_hosts),
    (Read("/proc/cpuinfo"), parse_cpuinfo),
    (Read("/proc/meminfo"), parse_memory),
    (Read("/proc/cmdline"), parse_command_line),
    (Read("/sys/class/dmi/id/product_uuid"), parse_product_uuid),
    (Read("/sys/class/dmi/id/sys_vendor"), _single("vendor")),
    (Read("/sys/class/dmi/id/product_name"), _single("product")),
    (Read("/sys/hypervisor/type"), _single("virtualization")),
    (Read("/run/systemd/container"), _single("container")),
    (Read("/var/lib/cloud/data/instance-id"), _single("cloud_instance_id")),
    (Read("/sys/devices/system/cpu/isolated"), _single("cpu_isolated")),
)
"""What is asked and what takes the answer. One that cannot be read leaves its facts out: hosts differ."""


def host_facts(found: Attributes) -> Attributes:
    """The facts joined: full name and virtualisation follow from several of them."""
    out = {key: value for key, value in found.items() if key not in ("hosts", "virtual")}
    hostname = str(out.get("hostname", ""))
    fqdn = hostname if "." in hostname else found.get("hosts", {}).get(hostname.lower(), "")
    if fqdn:
        out["fqdn"] = fqdn
    if "virtualization" not in out:
        maker = f"{out.get('vendor', '')} {out.get('product', '')}"
        known = next((name for word, name in _MAKERS if word in maker), None)
        if known or found.get("virtual"):
            out["virtualization"] = known or "unknown"
        elif "vendor" in out:
            out["virtualization"] = "none"
    return out
