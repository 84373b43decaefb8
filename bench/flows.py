"""Counting flows: capture files as whole processes beside other tools, and live on a cable. Needs root for the latter.

    python bench/flows.py [PACKETS [CONVERSATIONS [FOLDER]]]

Prints one JSON line for each figure. Beside it: softflowd, nfpcapd and pmacctd where they are installed, nfstream where
CALIPSO_BENCH_NFSTREAM names a Python that has it; what is not there is told as skipped. Processes are compared by the
processor time they took, user and system: the best of five runs in turns with the other's. Live is the best of three.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import frames
from calipso.captures.afpacket import AfPacket
from calipso.captures.core import PLAIN
from calipso.captures.ebpf import Ebpf, EbpfCapture
from calipso.captures.kernel_flows import FLOWS, OTHERS, PLAINS, TABLES, sizes
from calipso.flows import record as r
from calipso.native import bpf
from calipso.seams import Capture, CaptureOptions, CapturePoint

NETNS = "calipso-bench-flows"
SECONDS = 4
CONCURRENT = 100_000
_ENABLE_STATS = 32
LIMITS = {"softflowd": 1.5, "nfpcapd": 1.5, "pmacctd": 3.0, "nfstream": 10.0}
_NFSTREAM = "import sys, nfstream\nprint(sum(1 for _ in nfstream.NFStreamer(source=sys.argv[1], n_dissections=0)))\n"
_SENDER = """
import socket, struct, sys, time
path, name, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
text, at, ready = open(path, "rb").read(40_000_000), 24, []
while at + 16 <= len(text) and len(ready) < 100_000:
    size = struct.unpack_from("=I", text, at + 8)[0]
    if at + 16 + size > len(text):
        break
    ready.append(text[at + 16 : at + 16 + size])
    at += 16 + size
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((name, 0))
s.setsockopt(263, 20, 1)
end, sent = time.monotonic() + seconds, 0
while time.monotonic() < end:
    for frame in ready[:20_000]:
        s.send(frame)
    sent += len(ready[:20_000])
print(sent)
"""


def show(figure: str, value: float, unit: str, **more: float | str) -> None:
    line = {"figure": figure, "value": round(value, 3), "unit": unit}
    print(json.dumps(line | {k: round(v, 3) if isinstance(v, float) else v for k, v in more.items()}), flush=True)


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def cost(argv: list[str], folder: Path) -> float | None:
    """Seconds of processor time of one run; None when it fails."""
    for left in ("p", "c"):  # softflowd does not begin where its socket is
        (folder / left).unlink(missing_ok=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        done = subprocess.run(argv, cwd=folder, timeout=120, **quiet)
    except subprocess.TimeoutExpired:
        return None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        return None
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def in_turns(one: list[str], other: list[str], folder: Path) -> tuple[float, float] | None:
    """The best of five runs of each, one after the other: what a machine does besides meets both.

    None when one of them fails. What takes long runs twice.
    """
    found: list[tuple[float, float]] = []
    while len(found) < 5 and not (len(found) == 2 and max(found[-1]) > 10):
        mine, theirs = cost(one, folder), cost(other, folder)
        if mine is None or theirs is None:
            return None
        found.append((mine, theirs))
    return min(mine for mine, _ in found), min(theirs for _, theirs in found)


def peers(file: Path, folder: Path) -> dict[str, list[str]]:
    """What is installed, and how it reads the file into flows."""
    (folder / "nf").mkdir(exist_ok=True)
    (folder / "a.pcap").symlink_to(file.name)  # softflowd 1.1.0 waits for ever on some longer names
    (folder / "pmacct.conf").write_text(
        f"pcap_savefile: {file}\nplugins: print\nprint_output_file: {folder}/pmacct.out\nprint_output: csv\n"
        "aggregate: src_host,dst_host,src_port,dst_port,proto,vlan\nprint_cache_entries: 400009\n"
        "plugin_buffer_size: 1024000\nplugin_pipe_size: 102400000\n"
    )
    found = {
        "softflowd": ["softflowd", "-r", "a.pcap", "-m", "100000", "-D", "-v", "9", "-n", "127.0.0.1:9995", "-p",
                      "p", "-c", "c"],
        "nfpcapd": ["nfpcapd", "-r", file.name, "-w", "nf"],
        "pmacctd": ["pmacctd", "-f", "pmacct.conf"],
    }  # fmt: skip
    here = {name: argv for name, argv in found.items() if shutil.which(argv[0])}
    if other := os.environ.get("CALIPSO_BENCH_NFSTREAM"):
        here["nfstream"] = [other, "-c", _NFSTREAM, str(file)]
    return here


def offline(packets: int, conversations: int, folder: Path) -> Path:
    file = folder / "bench.pcap"
    frames.write(file, packets, conversations, snap=128)
    own_way = [sys.executable, "-m", "calipso", "pcap", str(file), "-o", "json"]
    found = len(json.loads(subprocess.run(own_way, capture_output=True, check=True).stdout))
    if found < conversations:  # those inside of tunnels, and the tunnels
        raise SystemExit(f"calipso pcap found {found} flows of {conversations}")
    here, best = peers(file, folder), []
    for name, limit in LIMITS.items():
        both = in_turns(own_way, here[name], folder) if name in here else None
        if both is None:
            why = "it failed" if name in here else "not installed"
            print(json.dumps({"figure": f"offline, {name}", "skipped": why}), flush=True)
            continue
        own, spent = both
        best.append(own)
        show(f"offline, {name}", spent, "s", ratio=spent / own, limit=limit, own=own)
    if best:
        show("offline, whole process", min(best), "s", packets=packets, ns_a_packet=min(best) / packets * 1e9)
    return file


# ── live ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextlib.contextmanager
def cable() -> Iterator[CapturePoint]:
    """A cable whose far end is in a namespace of its own; frames come out there."""
    ip("netns", "add", NETNS)
    try:
        ip("-n", NETNS, "link", "add", "a0", "type", "veth", "peer", "name", "b0")
        for device in ("a0", "b0"):
            ip("-n", NETNS, "link", "set", device, "up", "arp", "off")
        yield CapturePoint(device="b0", netns=f"/run/netns/{NETNS}")
    finally:
        ip("netns", "del", NETNS)


def send(file: Path) -> int:
    """As fast as one process can; how many frames."""
    done = subprocess.run(
        ["ip", "netns", "exec", NETNS, sys.executable, "-c", _SENDER, str(file), "a0", str(SECONDS)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return int(done.stdout)


def live(capture: Capture, file: Path, name: str, limit: float, spent: Callable[[], tuple[float, int]]) -> None:
    """`spent`: seconds and packets so far. Loss is that of all three runs."""
    try:
        costs, sent = [], 0
        for _ in range(3):
            before = spent()
            sent += send(file)
            time.sleep(1)
            after, counts = spent(), capture.read()[1]
            costs.append((after[0] - before[0]) / (after[1] - before[1]) * 1e9)
        show(f"live, {name}", min(costs), "ns a packet", limit=limit, worst=max(costs), sent=sent,
             a_second=sent / 3 / SECONDS, received=counts.received, dropped=counts.dropped,
             lost=counts.lost)  # fmt: skip
    finally:
        capture.close()


def ran(program: int) -> tuple[float, int]:
    """Seconds and runs of a program, as the kernel counts them while somebody wants to know (BPF_ENABLE_STATS)."""
    said = dict(line.split(":\t") for line in Path(f"/proc/self/fdinfo/{program}").read_text().splitlines())
    return int(said["run_time_ns"]) / 1e9, int(said["run_cnt"])


def ebpf(point: CapturePoint, file: Path) -> None:
    if reason := Ebpf().reason():
        print(json.dumps({"figure": "live, ebpf", "skipped": reason}), flush=True)
        return
    wanted, _ = bpf.call(_ENABLE_STATS, struct.pack("=I", 0))
    capture = Ebpf().open(point, CaptureOptions(header=256))
    live(capture, file, "ebpf (bpf run time)", 500, lambda: ran(capture._loaded.program))
    os.close(wanted)
    reading(Ebpf().open(point, CaptureOptions(flows=CONCURRENT * 2)))
    idle(Ebpf().open(point, CaptureOptions()), "ebpf")


def reading(capture: EbpfCapture) -> None:
    """100,000 conversations put where the program puts them: in its small tables first, then in the large one."""
    value = r.VALUE.pack(*([1] * 6), b"", b"", *([1] * 4), *([1] * 6), *([0] * 11))
    room, at = sizes(CONCURRENT * 2), dict.fromkeys(TABLES, 0)
    for n in range(CONCURRENT):
        a, inside = struct.pack("!I", n), n % 10 > 7
        small = OTHERS if inside else PLAINS
        table = small if at[small] < room[small] else FLOWS
        at[table] += 1
        key = r.KEY.pack(a, b"b", 1, 2, 17, 4, inside, 0, 5 * inside, 1, 0, 0, 0x0800, 0, 9 * inside, b"", b"", 0)
        put = PLAIN.pack(a, b"b", 1, 2, 0, 17) if table == PLAINS else key
        capture._loaded.put(capture._loaded.map(table), put, value)
    spent = []
    for _ in range(5):
        capture._told = -1
        began = time.thread_time()
        records, _ = capture.read()
        spent.append(time.thread_time() - began)
    assert len(records) >= CONCURRENT * r.SIZE, len(records) / r.SIZE  # the device says something of its own
    show("read-out of 100,000 flows, ebpf (processor time)", min(spent) * 1e3, "ms", limit=100)
    capture.close()


def idle(capture: Capture, name: str) -> None:
    began, clock = time.process_time(), time.monotonic()
    for _ in range(5):
        time.sleep(1)
        capture.read()
    show(f"idle, {name}", (time.process_time() - began) / (time.monotonic() - clock) * 100, "% of a core", limit=1)
    capture.close()


def main() -> None:
    packets = int(sys.argv[1]) if len(sys.argv) > 1 else 6_000_000
    conversations = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    with tempfile.TemporaryDirectory(dir=sys.argv[3] if len(sys.argv) > 3 else None) as made:
        file = offline(packets, conversations, Path(made))
        if os.geteuid():
            print(json.dumps({"figure": "live", "skipped": "needs root"}), flush=True)
            return
        with cable() as point:
            capture = AfPacket().open(point, CaptureOptions(header=128))
            live(capture, file, "afpacket (processor time of the process)", 700,
                 lambda: (time.process_time(), capture.read()[1].received))  # fmt: skip
            idle(AfPacket().open(point, CaptureOptions(header=128)), "afpacket")
            ebpf(point, file)


if __name__ == "__main__":
    main()
