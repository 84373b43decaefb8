/* What was counted, as records, and what is let go of. Part of flowcore.c, which has the table before this. */

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

/* The same of plain conversations, whose keys are small; all are of one device. */
void fc_join_plain(const uint8_t *keys, const uint8_t *values, uint64_t count, uint32_t ifindex, uint8_t *out) {
    fc_key whole = {.family = V4, .ifindex = ifindex, .ethertype = IP4};
    for (uint64_t n = 0; n < count; n++, out += 240) {
        fc_plain key;
        memcpy(&key, keys + n * sizeof key, sizeof key);
        for (int side = 0; side < 2; side++) {
            memcpy(whole.address[side], &key.address[side], sizeof key.address[side]);
            whole.port[side] = key.port[side];
        }
        whole.vlan = key.vlan;
        whole.protocol = key.protocol;
        memcpy(out, &whole, 80);
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
