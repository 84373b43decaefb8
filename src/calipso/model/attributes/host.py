"""Facts about a host."""

from __future__ import annotations

from calipso.model.attributes.declare import Attribute, Facet, ListOf

_HOST = ("host",)
_DMI = "/sys/class/dmi/id"
_CPU = "/proc/cpuinfo"

LINUX = Facet(
    "linux",
    "A host's own facts. They change when it is upgraded or configured, not while it runs.",
    (
        Attribute("name", "text", _HOST, "", "the name it is declared under"),
        Attribute("host", "text", _HOST, "", "its own name, as its objects carry it"),
        Attribute("hostname", "text", _HOST, "uname(2) nodename", "what it calls itself"),
        Attribute("fqdn", "text", _HOST, "hosts(5)", "its full name, as far as the host itself tells"),
        Attribute("machine_id", "text", _HOST, "machine-id(5)", "identity of the installation, 32 hexadecimal digits"),
        Attribute("product_uuid", "text", _HOST, f"{_DMI}/product_uuid", "identity of the hardware or virtual machine"),
        Attribute("vendor", "text", _HOST, f"{_DMI}/sys_vendor", "who made the machine"),
        Attribute("product", "text", _HOST, f"{_DMI}/product_name", "what its maker calls it"),
        Attribute("os", "text", _HOST, "uname(2) sysname", "kind of kernel"),
        Attribute("os_id", "text", _HOST, "os-release(5) ID", "distribution, lower case"),
        Attribute("os_version", "text", _HOST, "os-release(5) VERSION_ID", "version of the distribution"),
        Attribute("os_name", "text", _HOST, "os-release(5) PRETTY_NAME", "distribution and version for people"),
        Attribute("os_family", "text", _HOST, "os-release(5) ID_LIKE", "distributions it is derived from"),
        Attribute("kernel", "text", _HOST, "uname(2) release", "release of the kernel"),
        Attribute("kernel_version", "text", _HOST, "uname(2) version", "build of the kernel"),
        Attribute("kernel_command_line", "text", _HOST, "/proc/cmdline", "what it was booted with, secrets masked"),
        Attribute("architecture", "text", _HOST, "uname(2) machine", "processor architecture"),
        Attribute("cpu_count", "integer", _HOST, _CPU, "logical processors"),
        Attribute("cpu_sockets", "integer", _HOST, f"{_CPU} physical id", "processor packages"),
        Attribute("cpu_cores_per_socket", "integer", _HOST, f"{_CPU} cpu cores", "cores of one package"),
        Attribute("cpu_model", "text", _HOST, f"{_CPU} model name", "name of the processor"),
        Attribute("cpu_vendor", "text", _HOST, f"{_CPU} vendor_id", "maker of the processor"),
        Attribute("cpu_family", "integer", _HOST, f"{_CPU} cpu family", "family number"),
        Attribute("cpu_stepping", "integer", _HOST, f"{_CPU} stepping", "stepping number"),
        Attribute("cpu_microcode", "text", _HOST, f"{_CPU} microcode", "microcode revision"),
        Attribute("cpu_cache", "text", _HOST, f"{_CPU} cache size", "size of the last cache, with its unit"),
        Attribute("cpu_isolated", "text", _HOST, "/sys/devices/system/cpu/isolated", "processors kept from scheduling"),
        Attribute("memory", "integer", _HOST, "/proc/meminfo MemTotal", "memory the kernel has", "bytes"),
        Attribute("virtualization", "text", _HOST, "/sys/hypervisor/type, DMI",
                  "hypervisor beneath; `none`: hardware; `unknown`: there is one"),
        Attribute("container", "text", _HOST, "/run/systemd/container", "container engine that runs it as a container"),
        Attribute("cloud_instance_id", "text", _HOST, "cloud-init instance-id", "its id in the cloud that runs it"),
        Attribute("addresses", ListOf("text"), _HOST, "RTM_NEWADDR, scope global",
                  "global addresses of its own namespace, with prefix length"),
        Attribute("namespaces_complete", "boolean", _HOST, "", "every namespace was listed and read"),
        Attribute("unreadable_namespaces", ListOf("text"), _HOST, "", "ids of namespaces that could not be read"),
    ),
)  # fmt: skip
