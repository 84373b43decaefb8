/* The record of flows/record.py, and what is counted in it alike by the C core and by the eBPF program.
 *
 * Of both: nothing but the compiler is needed, and nothing here reads a frame. All is of this machine's byte order.
 */
#ifndef CALIPSO_RECORD_H
#define CALIPSO_RECORD_H

typedef __UINT8_TYPE__ u8;
typedef __UINT16_TYPE__ u16;
typedef __UINT32_TYPE__ u32;
typedef __INT32_TYPE__ s32;
typedef __UINT64_TYPE__ u64;

#define INLINE static inline __attribute__((always_inline))

enum { LINK = 0, V4 = 4, V6 = 6, NO_PROTOCOL = 255 };
enum { ICMP4 = 1, TCP = 6, UDP = 17, ICMP6 = 58 };
enum { NONE, VXLAN, GRE, GENEVE, GRETAP, MPLS, IPIP, ERSPAN, MPLS_UDP, SIT, GTPU };
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { RUNNING, FINISHED, RESET };

typedef struct {
    u64 address[2][2]; /* as they are in the frame */
    u16 port[2];
    u8 protocol, family, tunnel, carries;
    u32 tunnel_id, ifindex;
    u16 vlan, inner_vlan, ethertype, icmp;
    u64 parent;
    u8 mac[2][6];
    u32 raw;
} fc_key;

/* What every packet changes is in the first 64 octets: one line of a cache. */
typedef struct {
    u64 packets[2], bytes[2], first, last;
    u8 mac[2][6], flags[2], swapped, finish;
    u64 syn[2], fin[2], rst[2], rtt;
    u32 late[2], fragments, fragment_errors;
    u8 syn_ttl[2], tail, pad[5];
    u64 request;
    u32 next[2];
} fc_value;

_Static_assert(sizeof(fc_key) == 80 && sizeof(fc_value) == 160, "the records of flows/record.py");

/* All that tells plain conversations apart, those of TCP and UDP over IPv4 that are inside of nothing and carry
 * nothing: `fc_key` in a fifth of its size. */
typedef struct {
    u32 address[2];
    u16 port[2], vlan;
    u8 protocol, pad;
} fc_plain;

_Static_assert(sizeof(fc_plain) == 16, "PLAIN of captures/core.py");

/* `parent_of` of flows/record.py. */
INLINE u64 fold(const fc_key *key) {
    typedef u64 __attribute__((may_alias)) word;
    const word *words = (const word *)key;
    u64 found = 0x9E3779B97F4A7C15ull;
    for (int i = 0; i < 10; i++) {
        found = (found ^ words[i]) * 0xD6E8FEB86659FD93ull;
        found ^= found >> 32;
    }
    return found ? found : 1;
}

/* Files may go back in time, and the clocks of CPUs differ. */
INLINE u64 since(u64 then, u64 now) { return now > then ? now - then : 0; }

/* A segment of TCP with any flags; `side` is 0 or 1. */
INLINE void see_flags(fc_value *v, u32 side, u8 f, u8 ttl, u64 now) {
    u32 other = 1 - side;
    if ((v->flags[side] & f) != f) v->flags[side] |= f;
    if (!(f & (SYN | FIN | RST))) return; /* most do not need the times, which are in another line of the cache */
    if (f & SYN && !v->syn[side]) {
        v->syn[side] = now;
        v->syn_ttl[side] = ttl;
        if (f & ACK && v->syn[other] && !v->rtt) v->rtt = since(v->syn[other], now);
    }
    if (f & FIN && !v->fin[side]) v->fin[side] = now;
    if (f & RST && !v->rst[side]) {
        v->rst[side] = now;
        if (v->syn[other] && !v->syn[side] && !v->rtt) v->rtt = since(v->syn[other], now);
    }
    if (v->rst[0] || v->rst[1]) v->finish = RESET;
    else if (v->fin[0] && v->fin[1]) v->finish = FINISHED;
}

/* A request or a reply of ICMP. */
INLINE void see_echo(fc_value *v, int asks, int answers, u64 now) {
    if (asks) v->request = now;
    else if (answers && v->request && !v->rtt) v->rtt = since(v->request, now);
}

#endif
