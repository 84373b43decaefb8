/* What a frame adds to the record of its conversation: flows/count.py in C. Part of flowcore.c, which has the table and
 * the tails before this. */

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

static void count_tcp(fc_slot *s, const fc_layer *l, uint64_t now) {
    fc_value *v = &s->value;
    int side = l->side;
    see_flags(v, (uint32_t)side, l->flags, l->ttl, now);
    uint32_t length = l->payload + !!(l->flags & SYN) + !!(l->flags & FIN);
    if (!length) return;
    uint32_t behind = v->next[side] - l->sequence;
    if (s->expects[side] && behind && behind < 1u << 31) {
        v->late[side]++;
    } else {
        v->next[side] = l->sequence + length;
        s->expects[side] = 1;
    }
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
    else see_echo(v, l->asks, l->answers, now);
    if (t->tails) take(t, at, l, now);
}
