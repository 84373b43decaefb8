"""What captures and sends packets, for servers and agents alike."""

from __future__ import annotations

from calipso.captures.afpacket import AfPacket
from calipso.captures.ebpf import Ebpf
from calipso.captures.exports import EXPORTS
from calipso.seams import CaptureEngine

ENGINES: tuple[CaptureEngine, ...] = (Ebpf(), AfPacket(), *EXPORTS)
"""Ways to capture, the best first."""
