/* Counts frames by conversation: flows/decode.py and flows/count.py in C, record by record the same.
 *
 * Frames come one by one, from the text of a classic pcap file, or from a ring of AF_PACKET whose socket the caller
 * made. Nothing is allocated while frames are counted. The parts are included rather than linked, so that the compiler
 * sees all that happens to a frame at once; what record.h and headers.h say is the eBPF program's too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "headers.h"
#include "record.h"

enum { ETHERNET = 1, RAW_IP = 101 };

/* Each needs those before it. */
#include "table.h"
#include "streams.h"
#include "keeping.h"
#include "counting.h"
#include "fragments.h"
#include "decode.h"

/* Count one frame of `size` octets, `wire` before it was cut; `now` in ns since the epoch. */
void fc_frame(fc_table *t, const uint8_t *frame, uint32_t size, uint32_t wire, uint64_t now, int link,
              uint32_t ifindex, uint16_t vlan) {
    fc_position p = {.frame = frame, .size = size, .wire = wire, .ifindex = ifindex, .vlan = vlan, .ethertype = -1,
                     .source = NOTHING, .destination = NOTHING, .l2_key = t->l2_key};
    t->received++;
    t->octets += wire;
    t->seen = 0;
    if (link == RAW_IP) {
        p.ethertype = size && frame[0] >> 4 == 6 ? IP6 : IP4;
        p.raw = 1;
    }
    for (int n = 0; n < DEEPEST; n++) {
        if (p.ethertype < 0 && !link_header(&p)) {
            t->unknown += n == 0;
            break;
        }
        if (!network(t, &p, now)) break;
    }
    if (t->kept && t->seen) keep(t, frame, size, wire, now, link, vlan);
}

/* Packets that follow one another in `text`, without the file's header, in this machine's byte order; `unit`: ns of a
 * fraction. Returns how many octets were whole packets. */
uint64_t fc_pcap(fc_table *t, const uint8_t *text, uint64_t size, uint32_t unit, int link, uint32_t largest) {
    uint64_t at = 0;
    while (size - at >= 16) {
        uint32_t head[4];
        memcpy(head, text + at, 16);
        if (head[2] > largest || size - at - 16 < head[2]) break;
        __builtin_prefetch(text + at + 16 + head[2] + 64);
        fc_frame(t, text + at + 16, head[2], head[3], head[0] * 1000000000ull + (uint64_t)head[1] * unit, link, 0, 0);
        at += 16 + head[2];
    }
    return at;
}

#include "told.h"
#include "ring.h"
