/* Counts frames by conversation in the kernel, at both ways of a device: flows/decode.py and flows/count.py for eBPF.
 *
 * The records are those of flows/record.py, without late segments and next sequence numbers (both 0). Most frames are
 * plain: `plain` reads TCP and UDP over IPv4 where they lie, of conversations that are there already. All others are
 * taken apart in a copy of their first octets in a place of this CPU: offsets into it are masked, so that the verifier
 * knows their bounds whatever the frame says. Functions with outside linkage are verified once and not at every call,
 * with what they are given unknown: hence the checks for NULL. A call costs some 10 ns where returns are guarded, a
 * line of memory that is not in the cache 150: hence few functions, and small tables (docs/adr/0065).
 */
#include "bpf.h"
#include "headers.h"

/* Each needs those before it. */
#include "kernel_state.h"
#include "kernel_count.h"

/* ── layers ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

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
    if (version == 4 || version == 6) return inside(s, (u8)tunnel, entry >> 12, at, version == 4 ? IP4 : IP6);
    return inside(s, (u8)tunnel, entry >> 12, at + (version ? 0 : 4), -1);
}

INLINE int udp_tunnel(struct state *s, u32 carries, u32 port) {
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
        return inside(s, GTPU, number, inner, one(s, inner) >> 4 == 6 ? IP6 : IP4);
    }
    if (carries == VXLAN) return inside(s, VXLAN, number >> 8, at + 8, -1);
    u16 ethertype = two(s, at + 2);
    u32 inner = at + 8 + (one(s, at) & 0x3Fu) * 4;
    return inside(s, GENEVE, number >> 8, inner, ethertype == ETHERNET_INSIDE ? -1 : ethertype);
}

NOINLINE int erspan(struct state *s, u32 at, u32 ethertype, u32 sequenced) {
    if (!s) return 0;
    if (ethertype == ERSPAN_2 && !sequenced) return inside(s, ERSPAN, 0, at, -1);
    u32 size = ethertype == ERSPAN_2 ? 8 : 12;
    if (!has(s, at, size)) return 0;
    if (ethertype == ERSPAN_3 && one(s, at + 11) & 1) size += 8;
    return inside(s, ERSPAN, two(s, at + 2) & 0x3FF, at + size, -1);
}

NOINLINE int gre(struct state *s) {
    if (!s) return 0;
    u32 at = s->at, number = 0;
    u16 flags = two(s, at), ethertype = two(s, at + 2);
    u32 inner = at + size_of_gre(flags), keyed = at + 4 + (flags & 0x8000 ? 4 : 0);
    if (flags & 0x2000 && has(s, keyed, 4)) number = four(s, keyed);
    if (flags & 7) return of_ip(s, 0, 0, 0);
    u8 carries = tunnel_of_gre(ethertype);
    of_ip(s, 0, 0, carries);
    if (carries == MPLS) {
        s->at = inner;
        return labels(s, MPLS);
    }
    if (carries == ERSPAN) return erspan(s, inner, ethertype, !!(flags & 0x1000));
    return inside(s, carries, number, inner, carries == GRETAP ? -1 : ethertype);
}

/* ── transport and network ──────────────────────────────────────────────────────────────────────────────────────── */

NOINLINE int icmp(struct state *s) {
    if (!s) return 0;
    u8 kind = one(s, s->at), asks, request = request_of(s->protocol, kind, &asks);
    s->layer.asks = asks;
    s->layer.answers = request != kind;
    u16 identifier = asks || request != kind ? two(s, s->at + 4) : 0;
    s->icmp = (u16)(request << 8 | one(s, s->at + 1));
    return of_ip(s, identifier, identifier, 0);
}

INLINE int transport(struct state *s) {
    u32 at = s->at, left = s->layer.later || at > s->size ? 0 : s->size - at;
    u8 protocol = s->protocol;
    u16 source = 0, destination = 0;
    if (protocol == TCP && left >= 14) {
        s->layer.flags = one(s, at + 13);
        source = two(s, at), destination = two(s, at + 2);
    } else if ((protocol == UDP || protocol == 132 || protocol == 136) && left >= 4) {
        source = two(s, at), destination = two(s, at + 2);
        u8 carries = protocol == UDP && left >= 8 ? tunnel_of(destination) : NONE;
        if (carries) return udp_tunnel(s, carries, destination);
    } else if ((protocol == ICMP4 || protocol == ICMP6) && left >= 8) {
        return icmp(s);
    } else if (protocol == 47 && left >= 4) {
        return gre(s);
    } else if ((protocol == 4 || protocol == 41) && left >= 20) {
        u8 carries = protocol == 4 ? IPIP : SIT;
        of_ip(s, 0, 0, carries);
        return inside(s, carries, 0, at, protocol == 4 ? IP4 : IP6);
    }
    return of_ip(s, source, destination, 0);
}

INLINE void ipv4(struct state *s) {
    u32 at = s->at, header = (one(s, at) & 15) * 4u, total = two(s, at + 2);
    u16 field = two(s, at + 6);
    int more = !!(field & 0x2000);
    s->family = V4;
    s->protocol = one(s, at + 9);
    s->layer.ttl = one(s, at + 8);
    s->layer.later = !!(field & 0x1FFF);
    s->layer.fragment = more || s->layer.later;
    s->layer.wrong = more && (total - header) & 7;
    u64 both = eight(s, at + 12);
    s->source[0] = both & 0xFFFFFFFF;
    s->destination[0] = both >> 32;
    s->source[1] = s->destination[1] = 0;
    s->at = at + header;
}

/* Past the extension headers from `at` on; `end`: of the packet. */
NOINLINE int extensions(struct state *s) {
    if (!s) return 0;
    u32 at = s->at;
    u8 protocol = s->protocol;
    for (int n = 0; n < MOST_EXTENSIONS && has(s, at, 8) && !s->layer.later; n++) {
        u32 size = size_of_extension(protocol, one(s, at + 1));
        if (!size) break;
        if (protocol == 44) {
            u16 field = two(s, at + 2);
            s->layer.fragment = 1;
            s->layer.wrong |= field & 1 && (s->end - at - 8) & 7;
            s->layer.later = !!(field & 0xFFF8);
        }
        protocol = one(s, at);
        at += size;
    }
    s->at = at;
    s->protocol = protocol;
    return 0;
}

INLINE void ipv6(struct state *s) {
    u32 at = s->at;
    s->family = V6;
    s->protocol = one(s, at + 6);
    s->layer.ttl = one(s, at + 7);
    s->end = at + 40 + two(s, at + 4);
    s->source[0] = eight(s, at + 8);
    s->source[1] = eight(s, at + 16);
    s->destination[0] = eight(s, at + 24);
    s->destination[1] = eight(s, at + 32);
    s->at = at + 40;
    if (s->protocol != TCP && s->protocol != UDP) extensions(s);
}

NOINLINE int link_header(struct state *s) {
    if (!s) return 0;
    u32 at = s->at;
    if (!has(s, at, 14)) return 0;
    s->macs = at;
    u16 ethertype = two(s, at + 12);
    at += 14;
    for (int n = 0; n < MOST_TAGS; n++) {
        if (!is_vlan(ethertype) || !has(s, at, 4)) break;
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
    struct layer *l = &s->layer;
    s->source_port = s->destination_port = s->icmp = 0;
    l->ttl = l->flags = l->asks = l->answers = l->fragment = l->later = l->wrong = 0;
    if (s->ethertype == IP4 && has(s, at, 20) && one(s, at) >> 4 == 4 && (one(s, at) & 15) >= 5) {
        ipv4(s);
    } else if (s->ethertype == IP6 && has(s, at, 40) && one(s, at) >> 4 == 6) {
        ipv6(s);
    } else {
        if (!is_labelled(s->ethertype)) return of_link(s, 0);
        of_link(s, MPLS);
        return labels(s, MPLS);
    }
    return transport(s);
}

/* ── whole frames ───────────────────────────────────────────────────────────────────────────────────────────────── */

INLINE u16 vlan_of(const struct __sk_buff *skb) { return skb->vlan_present ? skb->vlan_tci & 0xFFF : 0; }

INLINE u16 port_at(const u8 *at) { return __builtin_bswap16(*(const u16 *)at); }

/* The ports at `at` and, of TCP, the flags; whether it is TCP or UDP and no tunnel. `key`: of the conversation. */
INLINE int plain_ports(const u8 *at, u8 protocol, struct layer *l, u16 *source, u16 *destination) {
    *source = port_at(at), *destination = port_at(at + 2);
    if (protocol == TCP) l->flags = at[13];
    else if (protocol != UDP || tunnel_of(*destination)) return 0;
    return 1;
}

INLINE fc_value *plain_v4(const struct __sk_buff *skb, const u8 *f, struct layer *l) {
    u16 source, destination;
    if (f[14] != 0x45 || *(const u16 *)(f + 20) & 0xFF3F || !plain_ports(f + 34, f[23], l, &source, &destination))
        return 0;
    u32 a = *(const u32 *)(f + 26), b = *(const u32 *)(f + 30);
    u32 side = a == b ? source > destination : __builtin_bswap32(a) > __builtin_bswap32(b);
    fc_plain key = plain_key(side, a, b, source, destination, vlan_of(skb), f[23]);
    l->ttl = f[22];
    l->side = side;
    return bpf_map_lookup_elem(&plains, &key);
}

/* A frame of a plain conversation that is there already: whether it was counted. Where it lies in one piece. */
INLINE int plain(const struct __sk_buff *skb, const struct config *c, u32 size) {
    const u8 *f = (const u8 *)(u64)skb->data, *end = (const u8 *)(u64)skb->data_end;
    struct layer l = {0};
    if (c->raw || c->l2_key || size < 48 || f + 48 > end || *(const u16 *)(f + 12) != __builtin_bswap16(IP4)) return 0;
    fc_value *v = plain_v4(skb, f, &l);
    if (!v) return 0;
    l.length = skb->len;
    l.now = bpf_ktime_get_boot_ns() + c->offset;
    count(v, &l);
    return 1;
}

/* The first `size` octets of a frame, taken apart. */
INLINE int take_apart(struct state *s, u32 raw) {
    s->at = s->start = s->tunnel_id = 0;
    s->parent = 0;
    s->macs = NO_MAC;
    s->inner_vlan = 0;
    s->tunnel = 0;
    s->raw = (u8)raw;
    s->ethertype = !raw ? -1 : one(s, 0) >> 4 == 6 ? IP6 : IP4;
    for (int n = 0; n < DEEPEST; n++) {
        if (s->ethertype < 0 && !link_header(s)) return n > 0;
        if (!network(s)) break;
    }
    return 1;
}

SEC("tc") int flow(struct __sk_buff *skb) {
    u32 zero = 0, size = skb->len;
    struct config *c = bpf_map_lookup_elem(&settings, &zero);
    struct stats *seen = bpf_map_lookup_elem(&counts, &zero);
    if (!c || !seen) return PASS_ON;
    seen->received++;
    seen->octets += size;
    if (size > c->cut) size = c->cut;
    if (plain(skb, c, size)) return PASS_ON;
    struct state *s = bpf_map_lookup_elem(&places, &zero);
    if (!s) return PASS_ON;
    u32 last = size > MOST ? MOST - 1 : size - 1;
    asm volatile("" : "+r"(last)); /* else the compiler knows what the verifier does not */
    if (!size || bpf_skb_load_bytes(skb, 0, s->frame, (last & (MOST - 1)) + 1)) {
        seen->unknown++;
        return PASS_ON;
    }
    s->layer.now = bpf_ktime_get_boot_ns() + c->offset;
    s->wire = skb->len;
    s->size = last + 1;
    s->ifindex = skb->ifindex;
    s->l2_key = c->l2_key;
    s->vlan = vlan_of(skb);
    if (!take_apart(s, c->raw)) seen->unknown++;
    return PASS_ON;
}

char terms[] SEC("license") = "Apache-2.0";
