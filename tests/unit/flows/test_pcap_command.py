"""`calipso pcap`: what a user reads, and what is said of a file that is damaged or none."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from calipso.cli.main import app
from tests.support import packets as p

INNER = p.ethernet(p.ipv4(p.udp(b"query", 4000, 53), 17, "192.0.2.1", "192.0.2.2"), 0x0800)
FILE = p.pcap([(1_700_000_000 + n, p.ethernet(p.ipv4(p.vxlan(INNER, 5), 17), 0x0800)) for n in range(3)])


def test_flows_in_and_around_a_tunnel(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(FILE)
    done = CliRunner().invoke(app, ["pcap", str(tmp_path / "a.pcap"), "-o", "json"])
    assert done.exit_code == 0
    outside, inside = json.loads(done.stdout)
    assert (outside["layers_path"], inside["application"], inside["parent"]) == (
        "Ethernet/IPv4/UDP/VXLAN", "DNS", outside["uuid"],
    )  # fmt: skip
    assert inside["metric"]["ab_packets"] == outside["metric"]["ab_packets"] == 3
    table = CliRunner().invoke(app, ["pcap", str(tmp_path / "a.pcap")])
    assert "192.0.2.1:4000" in table.stdout and "in VXLAN" in table.stdout
    assert "3 packets, 291 bytes, 2 flows" in table.stderr


def test_a_file_cut_off_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(FILE[:-1])
    done = CliRunner().invoke(app, ["pcap", str(tmp_path / "a.pcap")])
    assert (done.exit_code, "2 packets" in done.stderr, "the file ends inside of a packet" in done.stderr) == (
        3, True, True,
    )  # fmt: skip


def test_another_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("not a capture at all")
    done = CliRunner().invoke(app, ["pcap", str(tmp_path / "a.txt")])
    assert done.exit_code == 2 and "neither pcap nor pcapng" in done.stderr
