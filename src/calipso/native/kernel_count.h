/* What a frame adds to the record of its conversation: flows/count.py for eBPF. Part of flow.bpf.c, after its state. */

/* Several CPUs may count one conversation at once: what adds up is added atomically. */
INLINE int count(fc_value *v, const struct layer *l) {
    u32 side = l->side & 1;
    __sync_fetch_and_add(&v->packets[side], 1);
    __sync_fetch_and_add(&v->bytes[side], l->length);
    if (l->now > v->last) v->last = l->now;
    if (l->fragment) __sync_fetch_and_add(&v->fragments, 1);
    if (l->wrong) __sync_fetch_and_add(&v->fragment_errors, 1);
    if (l->flags) see_flags(v, side, l->flags, l->ttl, l->now);
    else see_echo(v, l->asks, l->answers, l->now);
    return 0;
}

INLINE void begin(struct state *s) {
    fc_value *v = &s->fresh;
    u32 side = s->layer.side & 1;
    __builtin_memset(v, 0, sizeof *v);
    v->first = v->last = s->layer.now;
    v->swapped = (u8)side;
    if (s->macs != NO_MAC) {
        mac(v->mac[side], s, s->macs + 6);
        mac(v->mac[1 - side], s, s->macs);
    }
}

NOINLINE int lost(void) {
    u32 zero = 0;
    struct stats *c = bpf_map_lookup_elem(&counts, &zero);
    if (c) c->lost++;
    return 0;
}

/* Where it is already; else in its small table, if that has room. `key`: in that; in the large one, the whole key. */
INLINE int enter(struct state *s, void *small, const void *key) {
    fc_value *v = bpf_map_lookup_elem(small, key);
    if (!v) v = bpf_map_lookup_elem(&flows, &s->key);
    if (v) return count(v, &s->layer);
    begin(s);
    count(&s->fresh, &s->layer);
    if (!bpf_map_update_elem(small, key, &s->fresh, NOEXIST)) return 0;
    v = bpf_map_lookup_elem(small, key); /* another CPU was first */
    if (v) return count(v, &s->layer);
    if (!bpf_map_update_elem(&flows, &s->key, &s->fresh, NOEXIST)) return 0;
    v = bpf_map_lookup_elem(&flows, &s->key);
    return v ? count(v, &s->layer) : lost();
}

INLINE u32 later(const u64 a[2], const u64 b[2], u16 a_port, u16 b_port) {
    if (a[0] != b[0]) return __builtin_bswap64(a[0]) > __builtin_bswap64(b[0]);
    if (a[1] != b[1]) return __builtin_bswap64(a[1]) > __builtin_bswap64(b[1]);
    return a_port > b_port;
}

/* By its key alone, so that all frames of a conversation are counted in one place. */
INLINE int is_plain(const struct state *s) {
    return s->family == V4 && (s->protocol == TCP || s->protocol == UDP) && !s->tunnel && !s->carries && !s->raw &&
           !s->l2_key && !s->inner_vlan;
}

/* The ends are chosen, not put at an index: the verifier knows no index into the stack. */
INLINE fc_plain plain_key(u32 side, u32 source, u32 destination, u16 source_port, u16 destination_port, u16 vlan,
                          u8 protocol) {
    return (fc_plain){.address = {side ? destination : source, side ? source : destination},
                      .port = {side ? destination_port : source_port, side ? source_port : destination_port},
                      .vlan = vlan, .protocol = protocol};
}

/* The conversation of the layer at hand: its key from the state, counted. */
NOINLINE int account(struct state *s) {
    if (!s) return 0;
    fc_key *k = &s->key;
    u32 side = later(s->source, s->destination, s->source_port, s->destination_port) & 1;
    s->layer.side = side;
    s->layer.length = s->wire > s->start ? s->wire - s->start : 0;
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
        mac(k->mac[side], s, s->macs + 6);
        mac(k->mac[1 - side], s, s->macs);
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
    if (is_plain(s)) {
        fc_plain key = plain_key(side, (u32)s->source[0], (u32)s->destination[0], s->source_port, s->destination_port,
                                 s->vlan, s->protocol);
        return enter(s, &plains, &key);
    }
    enter(s, &others, k);
    if (s->carries) s->folded = fold(k);
    return 0;
}
