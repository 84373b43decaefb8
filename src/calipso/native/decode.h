/* A frame taken apart into conversations, one inside of another: flows/decode.py in C. Part of flowcore.c, which counts
 * before this. Every read is checked against the end of the frame. */

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
    if (version == 4 || version == 6) inside(p, tunnel, label, at, version == 4 ? IP4 : IP6, parent);
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
        inside(p, carries, four(f + at + 4), inner, f[inner] >> 4 == 6 ? IP6 : IP4, key);
        return 1;
    }
    uint32_t number = four(f + at + 4) >> 8;
    if (carries == VXLAN) {
        inside(p, carries, number, at + 8, -1, key);
        return 1;
    }
    int ethertype = two(f + at + 2);
    inside(p, carries, number, at + 8 + (f[at] & 0x3Fu) * 4, ethertype == ETHERNET_INSIDE ? -1 : ethertype, key);
    return 1;
}

static int ip_in_ip(fc_table *t, fc_position *p, const fc_internet *ip, uint8_t carries, uint64_t now) {
    fc_layer l = {0};
    uint64_t key = of_ip(t, p, ip, &l, 0, 0, 0, carries, now);
    inside(p, carries, 0, p->at, carries == IPIP ? IP4 : IP6, key);
    return 1;
}

static int erspan(fc_position *p, uint64_t parent, uint32_t at, int ethertype, int sequenced) {
    if (ethertype == ERSPAN_2 && !sequenced) {
        inside(p, ERSPAN, 0, at, -1, parent);
        return 1;
    }
    uint32_t size = ethertype == ERSPAN_2 ? 8 : 12;
    if (!has(p, at, size)) return 0;
    uint32_t session = two(p->frame + at + 2) & 0x3FF;
    if (ethertype == ERSPAN_3 && p->frame[at + 11] & 1) size += 8;
    inside(p, ERSPAN, session, at + size, -1, parent);
    return 1;
}

static int gre(fc_table *t, fc_position *p, const fc_internet *ip, uint64_t now) {
    fc_layer l = {0};
    uint32_t at = p->at, number = 0;
    uint16_t flags = two(p->frame + at), ethertype = two(p->frame + at + 2);
    uint32_t inner = at + size_of_gre(flags), keyed = at + 4 + (flags & 0x8000 ? 4 : 0);
    if (flags & 0x2000 && has(p, keyed, 4)) number = four(p->frame + keyed);
    if (flags & 7) {
        of_ip(t, p, ip, &l, 0, 0, 0, 0, now);
        return 0;
    }
    uint8_t carries = tunnel_of_gre(ethertype);
    uint64_t key = of_ip(t, p, ip, &l, 0, 0, 0, carries, now);
    if (carries == MPLS) {
        p->at = inner;
        return labels(p, MPLS, key);
    }
    if (carries == ERSPAN) return erspan(p, key, inner, ethertype, !!(flags & 0x1000));
    inside(p, carries, number, inner, carries == GRETAP ? -1 : ethertype, key);
    return 1;
}

/* ── transport and network: whether there is another conversation inside ────────────────────────────────────────── */

static void icmp(fc_table *t, fc_position *p, const fc_internet *ip, uint64_t now) {
    const uint8_t *f = p->frame + p->at;
    fc_layer l = {0};
    uint8_t kind = f[0], asks, request = request_of(ip->protocol, kind, &asks);
    l.asks = asks;
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
        return ip_in_ip(t, p, ip, ip->protocol == 4 ? IPIP : SIT, now);
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
        uint32_t size = size_of_extension(ip.protocol, f[at + 1]);
        if (!size) break;
        if (ip.protocol == 44) {
            uint16_t field = two(f + at + 2);
            ip.fragment = 1;
            ip.later |= !!(field & 0xFFF8);
            ip.wrong |= field & 1 && ((ip.end - at - 8) & 7);
            if (field & 0xFFF9)
                ip.piece = (fc_piece){.is = 1, .more = field & 1, .protocol = f[at], .ident = four(f + at + 4),
                                      .at = field & 0xFFF8u, .size = ip.end > at + 8 ? ip.end - at - 8 : 0};
        }
        ip.protocol = f[at];
        at += size;
        if (ip.later) break;
    }
    p->at = at;
    return transport(t, p, &ip, now);
}

static int network(fc_table *t, fc_position *p, uint64_t now) {
    const uint8_t *f = p->frame + p->at;
    if (p->ethertype == IP4 && has(p, p->at, 20) && f[0] >> 4 == 4 && (f[0] & 15) >= 5) return ipv4(t, p, now);
    if (p->ethertype == IP6 && has(p, p->at, 40) && f[0] >> 4 == 6) return ipv6(t, p, now);
    if (is_labelled(p->ethertype)) {
        uint64_t key = of_link(t, p, MPLS, now);
        return labels(p, MPLS, key);
    }
    of_link(t, p, 0, now);
    return 0;
}
