"""The C core, built with AddressSanitizer and UndefinedBehaviorSanitizer, on generated, damaged and random frames."""

from __future__ import annotations

from pathlib import Path

from calipso.native.build import SOURCE
from tests.support.sanitizers import run_sanitized

RUN = """
import contextlib, ctypes, pathlib, random, sys
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from calipso.captures.core import CoreTable, load
from calipso.flows.decode import ETHERNET, RAW_IP
from tests.property.flows.test_core_counts_the_same import conversation
from tests.support import packets as p

core = load(pathlib.Path(sys.argv[1]))
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]

@contextlib.contextmanager
def exactly(text):
    # its address in memory of its own size, which the sanitizer guards: what is read beyond it is found
    address = libc.malloc(len(text))
    ctypes.memmove(address, text, len(text))
    yield address
    libc.free(address)

def count(frames, link, l2_key):
    table = CoreTable(64, l2_key=l2_key, fragments=2, streams=True, heads=3, packets=2, room=999, core=core)
    for n, (frame, wire) in enumerate(frames):
        with exactly(frame) as at:
            core.fc_frame(table._table, ctypes.cast(at, ctypes.c_char_p), len(frame), wire, n, link, 1, 0)
    table.records(), table.settle(len(frames) // 3), table.forget(len(frames) // 2), table.settle()
    table.release(9), table.packets(), table.records()
    table.close()

@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.one_of(conversation(), st.binary(max_size=300)), st.integers(0, 2**32 - 1)), max_size=100),
       st.sampled_from([ETHERNET, RAW_IP]), st.booleans())
def frames(found, link, l2_key):
    count(found, link, l2_key)

@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.lists(conversation(), max_size=10), st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), max_size=5),
       st.integers(0, 30))
def files(found, wrong, cut):
    text = bytearray(p.pcap([(n, frame) for n, frame in enumerate(found)])[24:])
    for at, octet in wrong:
        if text:
            text[at % len(text)] = octet
    text = bytes(text[: max(0, len(text) - cut)])
    table = CoreTable(64, core=core)
    with exactly(text) as at:
        assert table.pcap(at, len(text), 1000, ETHERNET, 1 << 24) <= len(text)
    table.close()

frames()
files()
chance = random.Random(11)
for _ in range(300):  # tunnels in tunnels with octets changed
    made = p.ethernet(p.ipv4(p.udp(b"x" * 30, 1, 2), 17), 0x0800)
    for how in chance.sample(range(4), 3):
        inner = [p.vxlan(made, 9), p.geneve(made, 9, options=b"12345678"), p.gre(made, 0x6558, key=1),
                 p.erspan2(made, 3)][how]
        made = p.ethernet(p.ipv4(inner, 17 if how < 2 else 47), 0x0800, vlans=[5] * chance.randrange(3))
    changed = bytearray(made)
    for _ in range(chance.randrange(6)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    count([(bytes(changed[:cut]), cut) for cut in range(0, len(changed), 3)], ETHERNET, False)
print("counted")
"""


def test_no_octet_beyond_a_frame_is_read_and_nothing_is_undefined(tmp_path: Path) -> None:
    assert run_sanitized(tmp_path, SOURCE, RUN) == "counted\n"
