/* Counts frames by conversation in the kernel, at both ways of a device: flows/decode.py and flows/count.py for eBPF.
 *
 * The records are those of flows/record.py, without late segments and next sequence numbers (both 0). The first octets
 * of a frame are copied into a place of this CPU: offsets into it are masked, so that the verifier knows their bounds
 * whatever the frame says. Functions with outside linkage are verified once and not at every call, with what they are
 * given unknown: hence the checks for NULL. Nothing is included: only clang is needed to compile it.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
#define UINT(name, value) int (*name)[value]
#define TYPE(name, type) type *name

enum { MAP_HASH = 1, MAP_ARRAY = 2, MAP_PERCPU_ARRAY = 6, NO_PREALLOC = 1, NOEXIST = 1 }; /* linux/bpf.h */
enum { PASS_ON = -1 }; /* TCX_NEXT, TC_ACT_UNSPEC */

/* The beginning of the context of linux/bpf.h. */
struct __sk_buff {
    u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex,
        ifindex;
};

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*bpf_skb_load_bytes)(const void *skb, u32 offset, void *to, u32 len) = (void *)26;
static u64 (*bpf_ktime_get_boot_ns)(void) = (void *)125;

enum { LINK = 0, V4 = 4, V6 = 6, NO_PROTOCOL = 255, DEEPEST = 4 };
enum { NONE, VXLAN, GRE, GENEVE, GRETAP, MPLS, IPIP, ERSPAN, MPLS_UDP, SIT, GTPU };
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { FINISHED = 1, RESET };
enum { MOST = 256, PLACE = 512, MASK = PLACE - 1, MOST_TAGS = 16, MOST_LABELS = 16, MOST_EXTENSIONS = 16 };
enum { NO_MAC = 0xFFFF };

struct key {
    u64 address[2][2]; /* as they are in the frame */
    u16 port[2];
    u8 protocol, family, tunnel, carries;
    u32 tunnel_id, ifindex;
    u16 vlan, inner_vlan, ethertype, icmp;
    u64 parent;
    u8 mac[2][6];
    u32 raw;
};

struct value {
    u64 packets[2], bytes[2], first, last;
    u8 mac[2][6], flags[2], swapped, finish;
    u64 syn[2], fin[2], rst[2], rtt;
    u32 late[2], fragments, fragment_errors;
    u8 syn_ttl[2], pad[6];
    u64 request;
    u32 next[2];
};

_Static_assert(sizeof(struct key) == 80 && sizeof(struct value) == 160, "the records of flows/record.py");

/* What user space sets. `offset`: of the clock on the wall from that since boot, in ns; `cut`: octets looked at. */
struct config {
    u64 offset;
    u32 cut, l2_key, raw, pad;
};

struct stats {
    u64 received, octets, lost, unknown;
};

/* How far a frame is taken apart, and what the layer at hand says; the names are those of flowcore.c. */
struct state {
    struct key key;
    struct value fresh;
    u64 now, parent, folded;
    u64 source[2], destination[2]; /* addresses of the layer */
    u32 size, wire, at, start, ifindex, tunnel_id, macs, l2_key;
    s32 ethertype; /* -1: an Ethernet header is at `at` */
    u32 end;
    u16 vlan, inner_vlan, source_port, destination_port, icmp;
    u8 tunnel, raw, family, protocol, ttl, carries, fragment, later, wrong, asks, answers, flags, side;
    u8 frame[PLACE + 16];
};

struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 262144);
    UINT(map_flags, NO_PREALLOC);
    TYPE(key, struct key);
    TYPE(value, struct value);
} flows SEC(".maps");

struct {
    UINT(type, MAP_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, u32);
    TYPE(value, struct config);
} settings SEC(".maps");

struct {
    UINT(type, MAP_PERCPU_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, u32);
    TYPE(value, struct stats);
} counts SEC(".maps");

struct {
    UINT(type, MAP_PERCPU_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, u32);
    TYPE(value, struct state);
} places SEC(".maps");

INLINE u8 one(const struct state *s, u32 at) { return s->frame[at & MASK]; }
INLINE u16 two(const struct state *s, u32 at) { return __builtin_bswap16(*(const u16 *)&s->frame[at & MASK]); }
INLINE u32 four(const struct state *s, u32 at) { return __builtin_bswap32(*(const u32 *)&s->frame[at & MASK]); }
INLINE u64 eight(const struct state *s, u32 at) { return *(const u64 *)&s->frame[at & MASK]; }
INLINE int has(const struct state *s, u32 at, u32 more) { return at <= s->size && s->size - at >= more; }

INLINE void mac(u8 *to, const struct state *s, u32 at) {
    *(u16 *)to = *(const u16 *)&s->frame[at & MASK];
    *(u16 *)(to + 2) = *(const u16 *)&s->frame[(at + 2) & MASK];
    *(u16 *)(to + 4) = *(const u16 *)&s->frame[(at + 4) & MASK];
}

/* `parent_of` of flows/record.py. */
INLINE u64 fold(const struct key *key) {
    const u64 *word = (const u64 *)key;
    u64 found = 0x9E3779B97F4A7C15ull;
#pragma unroll
    for (int i = 0; i < 10; i++) {
        found = (found ^ word[i]) * 0xD6E8FEB86659FD93ull;
        found ^= found >> 32;
    }
    return found ? found : 1;
}

/* ── counting ───────────────────────────────────────────────────────────────────────────────────────────────────── */

INLINE void count_tcp(const struct state *s, struct value *v, u32 side) {
    u32 other = 1 - side;
    u8 f = s->flags;
    u64 now = s->now;
    v->flags[side] |= f;
    if (f & SYN && !v->syn[side]) {
        v->syn[side] = now;
        v->syn_ttl[side] = s->ttl;
        if (f & ACK && v->syn[other] && !v->rtt) v->rtt = now - v->syn[other];
    }
    if (f & FIN && !v->fin[side]) v->fin[side] = now;
    if (f & RST && !v->rst[side]) {
        v->rst[side] = now;
        if (v->syn[other] && !v->syn[side] && !v->rtt) v->rtt = now - v->syn[other];
    }
    if (v->rst[0] || v->rst[1]) v->finish = RESET;
    else if (v->fin[0] && v->fin[1]) v->finish = FINISHED;
}

/* Several CPUs may count one conversation at once: what adds up is added atomically. */
NOINLINE int count(const struct state *s, struct value *v) {
    if (!s || !v) return 0;
    u32 side = s->side & 1;
    __sync_fetch_and_add(&v->packets[side], 1);
    __sync_fetch_and_add(&v->bytes[side], s->wire > s->start ? s->wire - s->start : 0);
    if (s->now > v->last) v->last = s->now;
    if (s->fragment) __sync_fetch_and_add(&v->fragments, 1);
    if (s->wrong) __sync_fetch_and_add(&v->fragment_errors, 1);
    if (s->flags) count_tcp(s, v, side);
    else if (s->asks) v->request = s->now;
    else if (s->answers && v->request && !v->rtt) v->rtt = s->now - v->request;
    return 0;
}

INLINE void begin(struct state *s, u32 side) {
    struct value *v = &s->fresh;
    __builtin_memset(v, 0, sizeof *v);
    v->first = v->last = s->now;
    v->swapped = (u8)side;
    if (s->macs != NO_MAC) {
        mac(v->mac[side & 1], s, s->macs + 6);
        mac(v->mac[1 - (side & 1)], s, s->macs);
    }
}

NOINLINE int lost(void) {
    u32 zero = 0;
    struct stats *c = bpf_map_lookup_elem(&counts, &zero);
    if (c) c->lost++;
    return 0;
}

NOINLINE int enter(struct state *s) {
    if (!s) return 0;
    struct value *v = bpf_map_lookup_elem(&flows, &s->key);
    if (v) return count(s, v);
    begin(s, s->side);
    count(s, &s->fresh);
    if (!bpf_map_update_elem(&flows, &s->key, &s->fresh, NOEXIST)) return 0;
    v = bpf_map_lookup_elem(&flows, &s->key); /* another CPU was first */
    return v ? count(s, v) : lost();
}

INLINE int later(const u64 a[2], const u64 b[2], u16 a_port, u16 b_port) {
    if (a[0] != b[0]) return __builtin_bswap64(a[0]) > __builtin_bswap64(b[0]);
    if (a[1] != b[1]) return __builtin_bswap64(a[1]) > __builtin_bswap64(b[1]);
    return a_port > b_port;
}

/* The conversation of the layer at hand: its key from the state, counted. */
NOINLINE int account(struct state *s) {
    if (!s) return 0;
    struct key *k = &s->key;
    u32 side = (u32)later(s->source, s->destination, s->source_port, s->destination_port);
    s->side = (u8)side;
    if (side) {
        k->address[0][0] = s->destination[0], k->address[0][1] = s->destination[1];
        k->address[1][0] = s->source[0], k->address[1][1] = s->source[1];
        k->port[0] = s->destination_port, k->port[1] = s->source_port;
    } else {
        k->address[0][0] = s->source[0], k->address[0][1] = s->source[1];
        k->address[1][0] = s->destination[0], k->address[1][1] = s->destination[1];
        k->port[0] = s->source_port, k->port[1] = s->destination_port;
    }
    __builtin_memset(k->mac, 0, sizeof k->mac);
    if (s->l2_key && s->macs != NO_MAC) {
        mac(k->mac[side & 1], s, s->macs + 6);
        mac(k->mac[1 - (side & 1)], s, s->macs);
    }
    k->protocol = s->protocol;
    k->family = s->family;
    k->tunnel = s->tunnel;
    k->carries = s->carries;
    k->tunnel_id = s->tunnel_id;
    k->ifindex = s->ifindex;
    k->vlan = s->vlan;
    k->inner_vlan = s->inner_vlan;
    k->ethertype = (u16)s->ethertype;
    k->icmp = s->icmp;
    k->parent = s->parent;
    k->raw = s->raw;
    enter(s);
    if (s->carries) s->folded = fold(k);
    return 0;
}

NOINLINE int of_link(struct state *s, u32 carries) {
    if (!s) return 0;
    s->source[0] = s->source[1] = s->destination[0] = s->destination[1] = 0;
    if (s->macs != NO_MAC) {
        mac((u8 *)s->source, s, s->macs + 6);
        mac((u8 *)s->destination, s, s->macs);
    }
    s->family = LINK;
    s->protocol = NO_PROTOCOL;
    s->carries = (u8)carries;
    return account(s);
}

INLINE int of_ip(struct state *s, u16 source, u16 destination, u8 carries) {
    s->source_port = source;
    s->destination_port = destination;
    s->carries = carries;
    return account(s);
}

/* ── tunnels: whether to go on inside ───────────────────────────────────────────────────────────────────────────── */

INLINE int inside(struct state *s, u8 tunnel, u32 id, u32 at, s32 ethertype) {
    s->tunnel = tunnel;
    s->tunnel_id = id;
    s->at = s->start = at;
    s->ethertype = ethertype;
    s->parent = s->folded;
    s->vlan = s->inner_vlan = 0;
    s->raw = ethertype >= 0;
    s->macs = NO_MAC;
    return 1;
}

NOINLINE int labels(struct state *s, u32 tunnel) {
    if (!s) return 0;
    u32 at = s->at, entry = 0;
    for (int n = 0; n < MOST_LABELS; n++) {
        if (!has(s, at, 4)) return 0;
        entry = four(s, at);
        at += 4;
        if (entry & 0x100) break;
    }
    if (!(entry & 0x100) || s->size <= at) return 0;
    u32 version = one(s, at) >> 4;
    if (version == 4 || version == 6) return inside(s, (u8)tunnel, entry >> 12, at, version == 4 ? 0x0800 : 0x86DD);
    return inside(s, (u8)tunnel, entry >> 12, at + (version ? 0 : 4), -1);
}

NOINLINE int udp_tunnel(struct state *s, u32 carries, u32 port) {
    if (!s) return 0;
    of_ip(s, (u16)port, (u16)port, (u8)carries);
    u32 at = s->at + 8;
    if (carries == MPLS_UDP) {
        s->at = at;
        return labels(s, MPLS_UDP);
    }
    if (!has(s, at, 8)) return 0;
    u32 number = four(s, at + 4);
    if (carries == GTPU) {
        u32 inner = at + (one(s, at) & 7 ? 12 : 8);
        if (one(s, at + 1) != 255 || s->size <= inner) return 0;
        return inside(s, GTPU, number, inner, one(s, inner) >> 4 == 6 ? 0x86DD : 0x0800);
    }
    if (carries == VXLAN) return inside(s, VXLAN, number >> 8, at + 8, -1);
    u16 ethertype = two(s, at + 2);
    return inside(s, GENEVE, number >> 8, at + 8 + (one(s, at) & 0x3Fu) * 4, ethertype == 0x6558 ? -1 : ethertype);
}

NOINLINE int erspan(struct state *s, u32 at, u32 ethertype, u32 sequenced) {
    if (!s) return 0;
    if (ethertype == 0x88BE && !sequenced) return inside(s, ERSPAN, 0, at, -1);
    u32 size = ethertype == 0x88BE ? 8 : 12;
    if (!has(s, at, size)) return 0;
    if (ethertype == 0x22EB && one(s, at + 11) & 1) size += 8;
    return inside(s, ERSPAN, two(s, at + 2) & 0x3FF, at + size, -1);
}

NOINLINE int gre(struct state *s) {
    if (!s) return 0;
    u32 at = s->at, number = 0;
    u16 flags = two(s, at), ethertype = two(s, at + 2);
    u32 inner = at + 4 + (flags & 0x8000 ? 4 : 0), sequenced = !!(flags & 0x1000);
    if (flags & 0x2000) {
        if (has(s, inner, 4)) number = four(s, inner);
        inner += 4;
    }
    inner += sequenced ? 4 : 0;
    if (flags & 7) return of_ip(s, 0, 0, 0);
    u8 carries = GRE;
    if (ethertype == 0x6558) carries = GRETAP;
    else if (ethertype == 0x8847) carries = MPLS;
    else if (ethertype == 0x88BE || ethertype == 0x22EB) carries = ERSPAN;
    of_ip(s, 0, 0, carries);
    if (carries == MPLS) {
        s->at = inner;
        return labels(s, MPLS);
    }
    if (carries == ERSPAN) return erspan(s, inner, ethertype, sequenced);
    return inside(s, carries, number, inner, carries == GRETAP ? -1 : ethertype);
}

/* ── transport and network ──────────────────────────────────────────────────────────────────────────────────────── */

INLINE u8 tunnel_of(u16 port) {
    if (port == 4789 || port == 8472) return VXLAN;
    if (port == 6081) return GENEVE;
    if (port == 6635) return MPLS_UDP;
    return port == 2152 ? GTPU : NONE;
}

NOINLINE int icmp(struct state *s) {
    if (!s) return 0;
    u8 kind = one(s, s->at), request = kind;
    if (s->protocol == 1) {
        if (kind == 0) request = 8;
        else if (kind == 14 || kind == 16 || kind == 18) request = kind - 1;
        s->asks = kind == 8 || kind == 13 || kind == 15 || kind == 17;
    } else {
        if (kind == 129) request = 128;
        s->asks = kind == 128;
    }
    s->answers = request != kind;
    u16 identifier = s->asks || s->answers ? two(s, s->at + 4) : 0;
    s->icmp = (u16)(request << 8 | one(s, s->at + 1));
    return of_ip(s, identifier, identifier, 0);
}

NOINLINE int transport(struct state *s) {
    if (!s) return 0;
    u32 at = s->at, left = s->later || at > s->size ? 0 : s->size - at;
    u8 protocol = s->protocol;
    if (protocol == 6 && left >= 14) {
        s->flags = one(s, at + 13);
        return of_ip(s, two(s, at), two(s, at + 2), 0);
    }
    if ((protocol == 17 || protocol == 132 || protocol == 136) && left >= 4) {
        u16 port = two(s, at + 2);
        u8 carries = protocol == 17 && left >= 8 ? tunnel_of(port) : NONE;
        if (carries) return udp_tunnel(s, carries, port);
        return of_ip(s, two(s, at), port, 0);
    }
    if ((protocol == 1 || protocol == 58) && left >= 8) return icmp(s);
    if (protocol == 47 && left >= 4) return gre(s);
    if ((protocol == 4 || protocol == 41) && left >= 20) {
        u8 carries = protocol == 4 ? IPIP : SIT;
        of_ip(s, 0, 0, carries);
        return inside(s, carries, 0, at, protocol == 4 ? 0x0800 : 0x86DD);
    }
    return of_ip(s, 0, 0, 0);
}

NOINLINE int ipv4(struct state *s) {
    if (!s) return 0;
    u32 at = s->at, header = (one(s, at) & 15) * 4u, total = two(s, at + 2);
    u16 field = two(s, at + 6);
    int more = !!(field & 0x2000);
    s->family = V4;
    s->protocol = one(s, at + 9);
    s->ttl = one(s, at + 8);
    s->later = !!(field & 0x1FFF);
    s->fragment = more || s->later;
    s->wrong = more && (total - header) & 7;
    u64 both = eight(s, at + 12);
    s->source[0] = both & 0xFFFFFFFF;
    s->destination[0] = both >> 32;
    s->source[1] = s->destination[1] = 0;
    s->at = at + header;
    return transport(s);
}

/* Past the extension headers from `at` on; `end`: of the packet. */
NOINLINE int extensions(struct state *s) {
    if (!s) return 0;
    u32 at = s->at;
    u8 protocol = s->protocol;
    for (int n = 0; n < MOST_EXTENSIONS && has(s, at, 8); n++) {
        u8 next = one(s, at);
        u32 size = one(s, at + 1);
        if (protocol == 44) {
            u16 field = two(s, at + 2);
            s->fragment = 1;
            s->wrong |= field & 1 && (s->end - at - 8) & 7;
            size = 8;
            if (field & 0xFFF8) s->later = 1;
        } else if (protocol == 51) size = 8 + size * 4;
        else if (protocol == 0 || protocol == 43 || protocol == 60 || protocol == 135 || protocol == 139 ||
                 protocol == 140) size = 8 + size * 8;
        else break;
        protocol = next;
        at += size;
        if (s->later) break;
    }
    s->at = at;
    s->protocol = protocol;
    return 0;
}

NOINLINE int ipv6(struct state *s) {
    if (!s) return 0;
    u32 at = s->at;
    s->family = V6;
    s->protocol = one(s, at + 6);
    s->ttl = one(s, at + 7);
    s->end = at + 40 + two(s, at + 4);
    s->source[0] = eight(s, at + 8);
    s->source[1] = eight(s, at + 16);
    s->destination[0] = eight(s, at + 24);
    s->destination[1] = eight(s, at + 32);
    s->at = at + 40;
    extensions(s);
    return transport(s);
}

NOINLINE int link_header(struct state *s) {
    if (!s) return 0;
    u32 at = s->at;
    if (!has(s, at, 14)) return 0;
    s->macs = at;
    u16 ethertype = two(s, at + 12);
    at += 14;
    for (int n = 0; n < MOST_TAGS; n++) {
        if (ethertype != 0x8100 && ethertype != 0x88A8 && ethertype != 0x9100) break;
        if (!has(s, at, 4)) break;
        u16 tag = two(s, at) & 0xFFF;
        if (!s->vlan) s->vlan = tag;
        else if (!s->inner_vlan) s->inner_vlan = tag;
        ethertype = two(s, at + 2);
        at += 4;
    }
    s->at = at;
    s->ethertype = ethertype;
    return 1;
}

/* Counts the conversation at the position; whether it carries another: then the position is inside of it. */
NOINLINE int network(struct state *s) {
    if (!s) return 0;
    u32 at = s->at;
    s->source_port = s->destination_port = s->icmp = 0;
    s->fragment = s->later = s->wrong = s->asks = s->answers = s->flags = s->ttl = 0;
    if (s->ethertype == 0x0800 && has(s, at, 20) && one(s, at) >> 4 == 4 && (one(s, at) & 15) >= 5) return ipv4(s);
    if (s->ethertype == 0x86DD && has(s, at, 40) && one(s, at) >> 4 == 6) return ipv6(s);
    if (s->ethertype == 0x8847 || s->ethertype == 0x8848) {
        of_link(s, MPLS);
        return labels(s, MPLS);
    }
    return of_link(s, 0);
}

SEC("tc") int flow(struct __sk_buff *skb) {
    u32 zero = 0, size = skb->len;
    struct state *s = bpf_map_lookup_elem(&places, &zero);
    struct config *c = bpf_map_lookup_elem(&settings, &zero);
    struct stats *seen = bpf_map_lookup_elem(&counts, &zero);
    if (!s || !c || !seen) return PASS_ON;
    seen->received++;
    seen->octets += size;
    s->wire = size;
    if (size > c->cut) size = c->cut;
    if (size > MOST) size = MOST;
    if (!size || bpf_skb_load_bytes(skb, 0, s->frame, size)) {
        seen->unknown++;
        return PASS_ON;
    }
    s->now = bpf_ktime_get_boot_ns() + c->offset;
    s->size = size;
    s->at = s->start = s->tunnel_id = 0;
    s->parent = 0;
    s->ifindex = skb->ifindex;
    s->l2_key = c->l2_key;
    s->macs = NO_MAC;
    s->vlan = skb->vlan_present ? skb->vlan_tci & 0xFFF : 0;
    s->inner_vlan = 0;
    s->tunnel = 0;
    s->raw = (u8)c->raw;
    s->ethertype = !c->raw ? -1 : one(s, 0) >> 4 == 6 ? 0x86DD : 0x0800;
    for (int n = 0; n < DEEPEST; n++) {
        if (s->ethertype < 0 && !link_header(s)) {
            if (n == 0) seen->unknown++;
            break;
        }
        if (!network(s)) break;
    }
    return PASS_ON;
}

char terms[] SEC("license") = "Apache-2.0";
