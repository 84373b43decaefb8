/* Counts frames by conversation: flows/decode.py and flows/count.py in C, record by record the same.
 *
 * A table of fixed size with open addressing holds 240 bytes a conversation. Frames come one by one, from the text of a
 * classic pcap file, or from the blocks of a TPACKET_V3 ring (linux/if_packet.h) whose socket the caller made.
 * Every read of a frame is checked against its end; nothing is allocated while frames are counted.
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

enum { LINK = 0, V4 = 4, V6 = 6, NO_PROTOCOL = 255, DEEPEST = 4 };
enum { NONE, VXLAN, GRE, GENEVE, GRETAP, MPLS, IPIP, ERSPAN, MPLS_UDP, SIT, GTPU };
enum { ETHERNET = 1, RAW_IP = 101 };
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { RUNNING, FINISHED, RESET };

#pragma pack(push, 1)
typedef struct {
    uint8_t address[2][16];
    uint16_t port[2];
    uint8_t protocol, family, tunnel, carries;
    uint32_t tunnel_id, ifindex;
    uint16_t vlan, inner_vlan, ethertype, icmp;
    uint64_t parent;
    uint8_t mac[2][6];
    uint32_t raw;
} fc_key;

typedef struct {
    uint64_t packets[2], bytes[2], first, last;
    uint8_t mac[2][6], flags[2], swapped, finish;
    uint64_t syn[2], fin[2], rst[2], rtt;
    uint32_t late[2], fragments, fragment_errors;
    uint8_t syn_ttl[2], tail, pad[5];
    uint64_t request;
    uint32_t next[2];
} fc_value;
#pragma pack(pop)

_Static_assert(sizeof(fc_key) == 80 && sizeof(fc_value) == 160, "the records of flows/record.py");

typedef struct {
    fc_key key;
    fc_value value;
    uint8_t expects[2]; /* whether next[] is known */
    uint32_t kept;      /* packets */
} fc_slot;

typedef struct fc_fragments fc_fragments;
typedef struct fc_tails fc_tails;
typedef struct fc_kept fc_kept;

typedef struct {
    fc_slot *slots;
    uint32_t *tags; /* 0: free; else 32 bits of the hash, so that most misses touch no slot */
    uint64_t mask, count, most;
    uint64_t received, octets, lost, unknown;
    int l2_key;
    fc_fragments *fragments; /* NULL: those after the first are a conversation without ports */
    fc_tails *tails;         /* NULL: none follow the records */
    fc_kept *kept;           /* NULL: no packets are kept */
    uint64_t seen;           /* place of the conversation that was counted last, and one; 0 for none */
} fc_table;

/* Where a fragment belongs; `protocol` is that of all fragments of its datagram. */
typedef struct {
    int is, more;
    uint8_t protocol;
    uint32_t ident, at, size;
} fc_piece;

/* What one layer of a frame says besides its key. */
typedef struct {
    int side, asks, answers, tcp;
    uint32_t packets, fragment, fragment_error, sequence, payload;
    uint64_t length;
    uint8_t flags, ttl;
    fc_piece piece;
    const uint8_t *data; /* what it carries, as far as it was kept */
    uint32_t data_size;
    const uint8_t *source, *destination;
} fc_layer;

/* How far a frame is taken apart; the names are those of decode.py. */
typedef struct {
    const uint8_t *frame;
    uint32_t size, wire, at, start, ifindex, tunnel_id;
    uint16_t vlan, inner_vlan;
    int ethertype; /* -1: an Ethernet header is at `at` */
    uint8_t tunnel, raw;
    uint64_t parent;
    const uint8_t *source, *destination;
    int l2_key;
} fc_position;

static const uint8_t NOTHING[6];

static uint16_t two(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static uint32_t four(const uint8_t *p) { return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }

/* `parent_of` of flows/record.py. */
static uint64_t fold(const fc_key *key) {
    uint64_t found = 0x9E3779B97F4A7C15ull, word;
    for (int i = 0; i < 10; i++) {
        memcpy(&word, (const uint8_t *)key + 8 * i, 8);
        found = (found ^ word) * 0xD6E8FEB86659FD93ull;
        found ^= found >> 32;
    }
    return found ? found : 1;
}

/* ── the table ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static void free_tails(fc_table *t);
static void free_kept(fc_table *t);

void fc_free(fc_table *t) {
    if (!t) return;
    free_tails(t);
    free_kept(t);
    if (t->slots) munmap(t->slots, (t->mask + 1) * sizeof(fc_slot));
    if (t->tags) munmap(t->tags, (t->mask + 1) * sizeof(uint32_t));
    free(t->fragments);
    free(t);
}

static void *zeros(uint64_t size) {
    void *found = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (found == MAP_FAILED) return NULL;
    madvise(found, size, MADV_HUGEPAGE);
    return found;
}

#include "streams.h"
#include "keeping.h"

/* NULL when there is no memory. */
fc_table *fc_new(uint64_t most, int l2_key) {
    fc_table *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    uint64_t places = 1024;
    while (places * 3 < most * 4) places <<= 1;
    t->mask = places - 1;
    t->most = most;
    t->l2_key = l2_key;
    t->slots = zeros(places * sizeof(fc_slot));
    t->tags = zeros(places * sizeof(uint32_t));
    if (!t->slots || !t->tags) {
        fc_free(t);
        return NULL;
    }
    return t;
}

static void begin(fc_slot *s, const fc_layer *l, uint64_t now) {
    fc_value *v = &s->value;
    memset(v, 0, sizeof *v);
    memset(s->expects, 0, sizeof s->expects);
    s->kept = 0;
    v->first = v->last = now;
    v->swapped = (uint8_t)l->side;
    memcpy(v->mac[l->side], l->source, 6);
    memcpy(v->mac[1 - l->side], l->destination, 6);
}

/* Files may go back in time. */
static uint64_t since(uint64_t then, uint64_t now) { return now > then ? now - then : 0; }

static void count_tcp(fc_slot *s, const fc_layer *l, uint64_t now) {
    fc_value *v = &s->value;
    int side = l->side, other = 1 - side;
    uint8_t f = l->flags;
    v->flags[side] |= f;
    if (f & SYN && !v->syn[side]) {
        v->syn[side] = now;
        v->syn_ttl[side] = l->ttl;
        if (f & ACK && v->syn[other] && !v->rtt) v->rtt = since(v->syn[other], now);
    }
    if (f & FIN && !v->fin[side]) v->fin[side] = now;
    if (f & RST && !v->rst[side]) {
        v->rst[side] = now;
        if (v->syn[other] && !v->syn[side] && !v->rtt) v->rtt = since(v->syn[other], now);
    }
    if (v->rst[0] || v->rst[1]) v->finish = RESET;
    else if (v->fin[0] && v->fin[1]) v->finish = FINISHED;
    uint32_t length = l->payload + !!(f & SYN) + !!(f & FIN);
    if (!length) return;
    uint32_t behind = v->next[side] - l->sequence;
    if (s->expects[side] && behind && behind < 1u << 31) {
        v->late[side]++;
    } else {
        v->next[side] = l->sequence + length;
        s->expects[side] = 1;
    }
}

/* Where a conversation is, or the free place for it; there is always one. */
static uint64_t place_of(const fc_table *t, const fc_key *key, uint32_t *tag) {
    uint64_t hash = fold(key), at = hash & t->mask;
    *tag = (uint32_t)(hash >> 32) | 1;
    while (t->tags[at] && (t->tags[at] != *tag || memcmp(&t->slots[at].key, key, sizeof *key))) at = (at + 1) & t->mask;
    return at;
}

static fc_slot *find(fc_table *t, const fc_key *key) {
    uint32_t tag;
    uint64_t at = place_of(t, key, &tag);
    return t->tags[at] ? &t->slots[at] : NULL;
}

static void count(fc_table *t, const fc_key *key, const fc_layer *l, uint64_t first, uint64_t now) {
    uint32_t tag;
    uint64_t at = place_of(t, key, &tag);
    fc_slot *s = &t->slots[at];
    if (!t->tags[at]) {
        if (t->count >= t->most) {
            t->lost += l->packets;
            t->seen = 0;
            return;
        }
        t->tags[at] = tag;
        t->count++;
        s->key = *key;
        begin(s, l, first);
        s->value.tail = t->tails != NULL;
    }
    t->seen = at + 1;
    fc_value *v = &s->value;
    v->packets[l->side] += l->packets;
    v->bytes[l->side] += l->length;
    if (now > v->last) v->last = now;
    if (first < v->first) v->first = first;
    v->fragments += l->fragment;
    v->fragment_errors += l->fragment_error;
    if (l->tcp && l->flags) count_tcp(s, l, now);
    else if (l->asks) v->request = now;
    else if (l->answers && v->request && !v->rtt) v->rtt = since(v->request, now);
    if (t->tails) take(t, at, l, now);
}

#include "fragments.h"

/* ── layers ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

typedef struct {
    uint8_t family, protocol, ttl;
    uint8_t source[16], destination[16];
    int fragment, later, wrong;
    uint32_t end;
    fc_piece piece;
} fc_internet;

static void inside(fc_position *p, uint8_t tunnel, uint32_t id, uint32_t at, int ethertype, uint64_t parent) {
    p->tunnel = tunnel;
    p->tunnel_id = id;
    p->at = p->start = at;
    p->ethertype = ethertype;
    p->parent = parent;
    p->vlan = p->inner_vlan = 0;
    p->raw = ethertype >= 0;
    p->source = p->destination = NOTHING;
}

static int has(const fc_position *p, uint32_t at, uint32_t more) { return at <= p->size && p->size - at >= more; }

static int is_vlan(int ethertype) { return ethertype == 0x8100 || ethertype == 0x88A8 || ethertype == 0x9100; }

static int link_header(fc_position *p) {
    uint32_t at = p->at;
    if (!has(p, at, 14)) return 0;
    p->destination = p->frame + at;
    p->source = p->frame + at + 6;
    int ethertype = two(p->frame + at + 12);
    for (at += 14; is_vlan(ethertype) && has(p, at, 4); at += 4) {
        uint16_t tag = two(p->frame + at) & 0xFFF;
        if (!p->vlan) p->vlan = tag;
        else if (!p->inner_vlan) p->inner_vlan = tag;
        ethertype = two(p->frame + at + 2);
    }
    p->at = at;
    p->ethertype = ethertype;
    return 1;
}

/* The key of a conversation; whose side the frame is. */
static int key_of(const fc_position *p, fc_key *key, uint8_t family, const uint8_t source[16],
                  const uint8_t destination[16], uint8_t protocol, uint16_t source_port, uint16_t destination_port,
                  uint16_t icmp, uint8_t carries) {
    memset(key, 0, sizeof *key);
    int order = memcmp(source, destination, 16);
    int side = order > 0 || (order == 0 && source_port > destination_port);
    memcpy(key->address[side], source, 16);
    memcpy(key->address[1 - side], destination, 16);
    key->port[side] = source_port;
    key->port[1 - side] = destination_port;
    if (p->l2_key) {
        memcpy(key->mac[side], p->source, 6);
        memcpy(key->mac[1 - side], p->destination, 6);
    }
    key->protocol = protocol;
    key->family = family;
    key->tunnel = p->tunnel;
    key->carries = carries;
    key->tunnel_id = p->tunnel_id;
    key->ifindex = p->ifindex;
    key->vlan = p->vlan;
    key->inner_vlan = p->inner_vlan;
    key->ethertype = (uint16_t)(p->ethertype < 0 ? 0 : p->ethertype);
    key->icmp = icmp;
    key->parent = p->parent;
    key->raw = p->raw;
    return side;
}

static uint64_t account(fc_table *t, fc_position *p, fc_layer *l, uint8_t family, const uint8_t source[16],
                        const uint8_t destination[16], uint8_t protocol, uint16_t source_port,
                        uint16_t destination_port, uint16_t icmp, uint8_t carries, uint64_t now) {
    fc_key key;
    l->side = key_of(p, &key, family, source, destination, protocol, source_port, destination_port, icmp, carries);
    l->length = p->wire > p->start ? p->wire - p->start : 0;
    l->packets = 1;
    l->source = p->source;
    l->destination = p->destination;
    if (t->fragments && l->piece.is) {
        fc_name name = {.ident = l->piece.ident};
        name.side = (uint32_t)key_of(p, &name.key, family, source, destination, l->piece.protocol, 0, 0, 0, 0);
        fragment(t, &name, &key, l, now);
    } else {
        count(t, &key, l, now, now);
    }
    return carries ? fold(&key) : 0;
}

static uint64_t of_link(fc_table *t, fc_position *p, uint8_t carries, uint64_t now) {
    fc_layer l = {0};
    uint8_t source[16] = {0}, destination[16] = {0};
    memcpy(source, p->source, 6);
    memcpy(destination, p->destination, 6);
    return account(t, p, &l, LINK, source, destination, NO_PROTOCOL, 0, 0, 0, carries, now);
}

static uint64_t of_ip(fc_table *t, fc_position *p, const fc_internet *ip, fc_layer *l, uint16_t source,
                      uint16_t destination, uint16_t icmp, uint8_t carries, uint64_t now) {
    l->ttl = ip->ttl;
    l->fragment = !!ip->fragment;
    l->fragment_error = !!ip->wrong;
    l->piece = ip->piece;
    return account(t, p, l, ip->family, ip->source, ip->destination, ip->protocol, source, destination, icmp, carries,
                   now);
}

/* ── tunnels: whether to go on inside ───────────────────────────────────────────────────────────────────────────── */

static int labels(fc_position *p, uint8_t tunnel, uint64_t parent) {
    uint32_t at = p->at, label = 0;
    for (;;) {
        if (!has(p, at, 4)) return 0;
        uint32_t entry = four(p->frame + at);
        label = entry >> 12;
        at += 4;
        if (entry & 0x100) break;
    }
    if (p->size <= at) return 0;
    int version = p->frame[at] >> 4;
    if (version == 4 || version == 6) inside(p, tunnel, label, at, version == 4 ? 0x0800 : 0x86DD, parent);
    else inside(p, tunnel, label, at + (version == 0 ? 4 : 0), -1, parent);
    return 1;
}

static int udp_tunnel(fc_table *t, fc_position *p, const fc_internet *ip, uint8_t carries, uint16_t port,
                      uint64_t now) {
    fc_layer l = {0};
    uint64_t key = of_ip(t, p, ip, &l, port, port, 0, carries, now);
    uint32_t at = p->at + 8;
    const uint8_t *f = p->frame;
    if (carries == MPLS_UDP) {
        p->at = at;
        return labels(p, MPLS_UDP, key);
    }
    if (!has(p, at, 8)) return 0;
    if (carries == GTPU) {
        uint32_t inner = at + (f[at] & 7 ? 12 : 8);
        if (f[at + 1] != 255 || p->size <= inner) return 0;
        inside(p, carries, four(f + at + 4), inner, f[inner] >> 4 == 6 ? 0x86DD : 0x0800, key);
        return 1;
    }
    uint32_t number = four(f + at + 4) >> 8;
    if (carries == VXLAN) {
        inside(p, carries, number, at + 8, -1, key);
        return 1;
    }
    int ethertype = two(f + at + 2);
    inside(p, carries, number, at + 8 + (f[at] & 0x3Fu) * 4, ethertype == 0x6558 ? -1 : ethertype, key);
    return 1;
}

static int erspan(fc_position *p, uint64_t parent, uint32_t at, int ethertype, int sequenced) {
    if (ethertype == 0x88BE && !sequenced) {
        inside(p, ERSPAN, 0, at, -1, parent);
        return 1;
    }
    uint32_t size = ethertype == 0x88BE ? 8 : 12;
    if (!has(p, at, size)) return 0;
    uint32_t session = two(p->frame + at + 2) & 0x3FF;
    if (ethertype == 0x22EB && p->frame[at + 11] & 1) size += 8;
    inside(p, ERSPAN, session, at + size, -1, parent);
    return 1;
}

static int gre(fc_table *t, fc_position *p, const fc_internet *ip, uint64_t now) {
    fc_layer l = {0};
    uint32_t at = p->at, inner, number = 0;
    int flags = two(p->frame + at), ethertype = two(p->frame + at + 2), sequenced = !!(flags & 0x1000);
    inner = at + 4 + (flags & 0x8000 ? 4 : 0);
    if (flags & 0x2000) {
        if (has(p, inner, 4)) number = four(p->frame + inner);
        inner += 4;
    }
    inner += sequenced ? 4 : 0;
    if (flags & 7) {
        of_ip(t, p, ip, &l, 0, 0, 0, 0, now);
        return 0;
    }
    uint8_t carries = ethertype == 0x6558 ? GRETAP : ethertype == 0x8847 ? MPLS
                      : ethertype == 0x88BE || ethertype == 0x22EB ? ERSPAN : GRE;
    uint64_t key = of_ip(t, p, ip, &l, 0, 0, 0, carries, now);
    if (carries == MPLS) {
        p->at = inner;
        return labels(p, MPLS, key);
    }
    if (carries == ERSPAN) return erspan(p, key, inner, ethertype, sequenced);
    inside(p, carries, number, inner, carries == GRETAP ? -1 : ethertype, key);
    return 1;
}

/* ── transport and network: whether there is another conversation inside ────────────────────────────────────────── */

static uint8_t tunnel_of(uint16_t port) {
    switch (port) {
    case 4789:
    case 8472: return VXLAN;
    case 6081: return GENEVE;
    case 6635: return MPLS_UDP;
    case 2152: return GTPU;
    }
    return NONE;
}

static void icmp(fc_table *t, fc_position *p, const fc_internet *ip, uint64_t now) {
    const uint8_t *f = p->frame + p->at;
    fc_layer l = {0};
    uint8_t kind = f[0], request = kind;
    if (ip->protocol == 1) {
        if (kind == 0) request = 8;
        else if (kind == 14 || kind == 16 || kind == 18) request = kind - 1;
        l.asks = kind == 8 || kind == 13 || kind == 15 || kind == 17;
    } else {
        if (kind == 129) request = 128;
        l.asks = kind == 128;
    }
    l.answers = request != kind;
    uint16_t identifier = l.asks || l.answers ? two(f + 4) : 0;
    of_ip(t, p, ip, &l, identifier, identifier, (uint16_t)(request << 8 | f[1]), 0, now);
}

/* A layer carries what is there from `from` to the end of its packet. */
static void carry(fc_layer *l, const fc_position *p, const fc_internet *ip, uint32_t from) {
    uint32_t to = ip->end < p->size ? ip->end : p->size;
    if (from >= to) return;
    l->data = p->frame + from;
    l->data_size = to - from;
}

static void tcp(fc_table *t, fc_position *p, const fc_internet *ip, uint64_t now) {
    const uint8_t *f = p->frame + p->at;
    fc_layer l = {.tcp = 1, .flags = f[13], .sequence = four(f + 4)};
    uint32_t end = p->at + (f[12] >> 4) * 4u;
    l.payload = ip->end > end ? ip->end - end : 0;
    carry(&l, p, ip, end);
    of_ip(t, p, ip, &l, two(f), two(f + 2), 0, 0, now);
}

static int transport(fc_table *t, fc_position *p, const fc_internet *ip, uint64_t now) {
    uint32_t left = ip->later || p->at > p->size ? 0 : p->size - p->at;
    const uint8_t *f = p->frame + p->at;
    fc_layer l = {0};
    switch (ip->protocol) {
    case 6:
        if (left < 14) break;
        tcp(t, p, ip, now);
        return 0;
    case 17:
        if (left >= 8 && tunnel_of(two(f + 2))) return udp_tunnel(t, p, ip, tunnel_of(two(f + 2)), two(f + 2), now);
        /* fall through */
    case 132:
    case 136:
        if (left < 4) break;
        if (ip->protocol == 17) carry(&l, p, ip, p->at + 8);
        of_ip(t, p, ip, &l, two(f), two(f + 2), 0, 0, now);
        return 0;
    case 1:
    case 58:
        if (left < 8) break;
        icmp(t, p, ip, now);
        return 0;
    case 47:
        if (left < 4) break;
        return gre(t, p, ip, now);
    case 4:
    case 41:
        if (left < 20) break;
        {
            uint8_t carries = ip->protocol == 4 ? IPIP : SIT;
            uint64_t key = of_ip(t, p, ip, &l, 0, 0, 0, carries, now);
            inside(p, carries, 0, p->at, ip->protocol == 4 ? 0x0800 : 0x86DD, key);
        }
        return 1;
    case 112:
        if (!ip->later) carry(&l, p, ip, p->at);
        break;
    }
    of_ip(t, p, ip, &l, 0, 0, 0, 0, now);
    return 0;
}

static int ipv4(fc_table *t, fc_position *p, uint64_t now) {
    const uint8_t *f = p->frame + p->at;
    uint32_t header = (f[0] & 15) * 4u, total = two(f + 2);
    uint16_t field = two(f + 6);
    fc_internet ip = {.family = V4, .protocol = f[9], .ttl = f[8], .end = p->at + total};
    int more = !!(field & 0x2000);
    ip.later = !!(field & 0x1FFF);
    ip.fragment = more || ip.later;
    ip.wrong = more && ((total - header) & 7);
    if (ip.fragment)
        ip.piece = (fc_piece){.is = 1, .more = more, .protocol = f[9], .ident = two(f + 4), .at = (field & 0x1FFFu) * 8,
                              .size = total > header ? total - header : 0};
    memcpy(ip.source, f + 12, 4);
    memcpy(ip.destination, f + 16, 4);
    p->at += header;
    return transport(t, p, &ip, now);
}

static int ipv6(fc_table *t, fc_position *p, uint64_t now) {
    const uint8_t *f = p->frame;
    uint32_t at = p->at;
    fc_internet ip = {.family = V6, .protocol = f[at + 6], .ttl = f[at + 7], .end = at + 40 + two(f + at + 4)};
    memcpy(ip.source, f + at + 8, 16);
    memcpy(ip.destination, f + at + 24, 16);
    for (at += 40; has(p, at, 8);) {
        uint8_t is = ip.protocol;
        if (is == 0 || is == 43 || is == 60 || is == 135 || is == 139 || is == 140) {
            ip.protocol = f[at];
            at += 8 + f[at + 1] * 8u;
        } else if (is == 51) {
            ip.protocol = f[at];
            at += 8 + f[at + 1] * 4u;
        } else if (is == 44) {
            uint16_t field = two(f + at + 2);
            ip.fragment = 1;
            ip.later |= !!(field & 0xFFF8);
            ip.wrong |= field & 1 && ((ip.end - at - 8) & 7);
            if (field & 0xFFF9)
                ip.piece = (fc_piece){.is = 1, .more = field & 1, .protocol = f[at], .ident = four(f + at + 4),
                                      .at = field & 0xFFF8u, .size = ip.end > at + 8 ? ip.end - at - 8 : 0};
            ip.protocol = f[at];
            at += 8;
            if (ip.later) break;
        } else break;
    }
    p->at = at;
    return transport(t, p, &ip, now);
}

static int network(fc_table *t, fc_position *p, uint64_t now) {
    const uint8_t *f = p->frame + p->at;
    if (p->ethertype == 0x0800 && has(p, p->at, 20) && f[0] >> 4 == 4 && (f[0] & 15) >= 5) return ipv4(t, p, now);
    if (p->ethertype == 0x86DD && has(p, p->at, 40) && f[0] >> 4 == 6) return ipv6(t, p, now);
    if (p->ethertype == 0x8847 || p->ethertype == 0x8848) {
        uint64_t key = of_link(t, p, MPLS, now);
        return labels(p, MPLS, key);
    }
    of_link(t, p, 0, now);
    return 0;
}

/* Count one frame of `size` octets, `wire` before it was cut; `now` in ns since the epoch. */
void fc_frame(fc_table *t, const uint8_t *frame, uint32_t size, uint32_t wire, uint64_t now, int link,
              uint32_t ifindex, uint16_t vlan) {
    fc_position p = {.frame = frame, .size = size, .wire = wire, .ifindex = ifindex, .vlan = vlan, .ethertype = -1,
                     .source = NOTHING, .destination = NOTHING, .l2_key = t->l2_key};
    t->received++;
    t->octets += wire;
    t->seen = 0;
    if (link == RAW_IP) {
        p.ethertype = size && frame[0] >> 4 == 6 ? 0x86DD : 0x0800;
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

/* ── what was counted ───────────────────────────────────────────────────────────────────────────────────────────── */

uint64_t fc_count(const fc_table *t) { return t->count; }

/* received, octets, lost, unknown */
void fc_counts(const fc_table *t, uint64_t out[4]) {
    out[0] = t->received;
    out[1] = t->octets;
    out[2] = t->lost;
    out[3] = t->unknown;
}

/* Octets of all records with their tails. */
uint64_t fc_extent(const fc_table *t) {
    uint64_t size = t->count * 240;
    for (uint64_t at = 0; t->tails && at <= t->mask; at++)
        if (t->tags[at]) size += told_size(t, at);
    return size;
}

/* As many records with their tails as find room in `room` octets; how many octets they are. */
uint64_t fc_export(const fc_table *t, uint8_t *out, uint64_t room) {
    uint64_t found = 0;
    for (uint64_t at = 0; at <= t->mask; at++) {
        if (!t->tags[at]) continue;
        uint64_t tail = t->tails ? told_size(t, at) : 0;
        if (room - found < 240 + tail) break;
        memcpy(out + found, &t->slots[at].key, 80);
        memcpy(out + found + 80, &t->slots[at].value, 160);
        if (tail) tell(t, at, out + found + 240);
        found += 240 + tail;
    }
    return found;
}

/* Keys and values that stand apart, as an eBPF map gives them, as records of 240 bytes. */
void fc_join(const uint8_t *keys, const uint8_t *values, uint64_t count, uint8_t *out) {
    for (uint64_t n = 0; n < count; n++, out += 240) {
        memcpy(out, keys + n * 80, 80);
        memcpy(out + 80, values + n * 160, 160);
    }
}

/* Drop conversations without a frame since `before`; how many, or -1 without memory to do it. */
int64_t fc_forget(fc_table *t, uint64_t before) {
    fc_slot *old = t->slots;
    uint32_t *tags = t->tags;
    fc_slot *slots = zeros((t->mask + 1) * sizeof(fc_slot));
    uint32_t *fresh = zeros((t->mask + 1) * sizeof(uint32_t));
    fc_tail *tails = t->tails ? zeros((t->mask + 1) * sizeof(fc_tail)) : NULL;
    if (!slots || !fresh || (t->tails && !tails)) {
        if (slots) munmap(slots, (t->mask + 1) * sizeof(fc_slot));
        if (fresh) munmap(fresh, (t->mask + 1) * sizeof(uint32_t));
        if (tails) munmap(tails, (t->mask + 1) * sizeof(fc_tail));
        return -1;
    }
    uint64_t kept = 0;
    for (uint64_t at = 0; at <= t->mask; at++) {
        if (!tags[at]) continue;
        if (old[at].value.last < before) {
            if (tails) release(t->tails, &t->tails->of[at]);
            continue;
        }
        uint64_t to = fold(&old[at].key) & t->mask;
        while (fresh[to]) to = (to + 1) & t->mask;
        fresh[to] = tags[at];
        slots[to] = old[at];
        if (tails) tails[to] = t->tails->of[at];
        kept++;
    }
    if (tails) {
        munmap(t->tails->of, (t->mask + 1) * sizeof(fc_tail));
        t->tails->of = tails;
    }
    int64_t gone = (int64_t)(t->count - kept);
    munmap(old, (t->mask + 1) * sizeof(fc_slot));
    munmap(tags, (t->mask + 1) * sizeof(uint32_t));
    t->slots = slots;
    t->tags = fresh;
    t->count = kept;
    return gone;
}

/* ── classic pcap ───────────────────────────────────────────────────────────────────────────────────────────────── */

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

/* ── TPACKET_V3 ─────────────────────────────────────────────────────────────────────────────────────────────────── */

typedef struct {
    int fd;
    uint8_t *blocks;
    uint32_t size, count, current;
} fc_ring;

/* Maps the ring of a socket whose PACKET_RX_RING was set; NULL, and errno, when it cannot. */
fc_ring *fc_ring_new(int fd, uint32_t size, uint32_t count) {
    fc_ring *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->fd = fd;
    r->size = size;
    r->count = count;
    r->blocks = mmap(0, (size_t)size * count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (r->blocks == MAP_FAILED) {
        free(r);
        return NULL;
    }
    return r;
}

void fc_ring_free(fc_ring *r) {
    if (!r) return;
    munmap(r->blocks, (size_t)r->size * r->count);
    free(r);
}

static uint64_t block(fc_table *t, struct tpacket_block_desc *b, uint32_t ifindex) {
    struct tpacket3_hdr *h = (void *)((uint8_t *)b + b->hdr.bh1.offset_to_first_pkt);
    uint32_t n = b->hdr.bh1.num_pkts;
    for (uint32_t i = 0; i < n; i++) {
        uint16_t vlan = h->tp_status & TP_STATUS_VLAN_VALID ? h->hv1.tp_vlan_tci & 0xFFF : 0;
        uint64_t now = (uint64_t)h->tp_sec * 1000000000ull + h->tp_nsec;
        fc_frame(t, (uint8_t *)h + h->tp_mac, h->tp_snaplen, h->tp_len, now, ETHERNET, ifindex, vlan);
        h = (void *)((uint8_t *)h + h->tp_next_offset);
    }
    return n;
}

/* Counts what comes for `milliseconds`; how many packets, or -1 and errno when the device is gone. */
int64_t fc_ring_run(fc_ring *r, fc_table *t, int milliseconds, uint32_t ifindex) {
    int64_t packets = 0;
    struct timespec began, now;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (;;) {
        struct tpacket_block_desc *b = (void *)(r->blocks + (size_t)r->current * r->size);
        if (__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) {
            packets += (int64_t)block(t, b, ifindex);
            __atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
            r->current = (r->current + 1) % r->count;
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t left = milliseconds - ((now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000);
        if (left <= 0) return packets;
        b = (void *)(r->blocks + (size_t)r->current * r->size);
        if (__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) continue;
        struct pollfd wait = {.fd = r->fd, .events = POLLIN | POLLERR};
        int found = poll(&wait, 1, (int)left);
        if (found < 0 && errno != EINTR) return -1;
        if (found > 0 && wait.revents & (POLLERR | POLLNVAL)) {
            int error = 0;
            socklen_t size = sizeof error;
            getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &error, &size);
            errno = error ? error : ENETDOWN;
            return -1;
        }
    }
}
