/* Fragments of IP are counted to the conversation of their datagram's first one: flows/fragments.py in C.
 * Part of flowcore.c, which has the table and `count` before this. */

enum { WAYS = 4 };
static const uint64_t FRAGMENT_LIMIT = 30000000000ull;

typedef struct {
    fc_key key; /* of its conversation, without ports */
    uint32_t ident, side;
} fc_name;

_Static_assert(sizeof(fc_name) == 88, "as flows/decode.py packs it");

typedef struct {
    uint8_t used, known, holds, side;
    uint32_t total;
    fc_name name;
    fc_key key; /* of the first fragment, when it is known */
    uint64_t began, since, until, got;
    fc_layer held;
    uint8_t source[6], destination[6]; /* of what is held: the frame is gone by then */
} fc_datagram;

struct fc_fragments {
    uint64_t sets;
    fc_datagram at[];
};

/* Count fragments to the conversation of their first one; `sets` is a power of two. -1 without memory. */
int fc_defragment(fc_table *t, uint64_t sets) {
    if (t->fragments || !sets || sets & (sets - 1) || sets > 1 << 20) return -1;
    t->fragments = calloc(1, sizeof *t->fragments + sets * WAYS * sizeof(fc_datagram));
    if (!t->fragments) return -1;
    t->fragments->sets = sets;
    return 0;
}

/* What is left to count of a datagram that never became whole. */
static void ended(fc_table *t, fc_datagram *d) {
    d->used = 0;
    if (d->known) {
        fc_slot *s = find(t, &d->key);
        if (s) s->value.fragment_errors++;
    } else if (d->holds) {
        d->held.fragment_error++;
        d->held.source = d->source;
        d->held.destination = d->destination;
        count(t, &d->name.key, &d->held, d->since, d->until);
    }
}

/* Give up what began before. */
void fc_settle(fc_table *t, uint64_t before) {
    if (!t->fragments) return;
    for (uint64_t n = 0; n < t->fragments->sets * WAYS; n++) {
        fc_datagram *d = &t->fragments->at[n];
        if (d->used && d->began < before) ended(t, d);
    }
}

/* The place of a datagram: begun if it is not known, and then what had it is counted. */
static fc_datagram *place(fc_table *t, const fc_name *name, uint64_t now) {
    uint64_t word, hash = fold(&name->key);
    memcpy(&word, &name->ident, 8);
    hash = (hash ^ word) * 0xD6E8FEB86659FD93ull;
    hash ^= hash >> 32;
    fc_datagram *set = &t->fragments->at[(hash & (t->fragments->sets - 1)) * WAYS], *chosen = NULL;
    for (int n = 0; n < WAYS && !chosen; n++)
        if (set[n].used && !memcmp(&set[n].name, name, sizeof *name)) chosen = &set[n];
    if (chosen && now <= chosen->began + FRAGMENT_LIMIT) return chosen;
    for (int n = 0; n < WAYS && !chosen; n++)
        if (!set[n].used) chosen = &set[n];
    if (!chosen) {
        chosen = set;
        for (int n = 1; n < WAYS; n++)
            if (set[n].began < chosen->began) chosen = &set[n];
    }
    if (chosen->used) ended(t, chosen);
    memset(chosen, 0, sizeof *chosen);
    chosen->used = 1;
    chosen->name = *name;
    chosen->began = now;
    return chosen;
}

static void hold(fc_datagram *d, const fc_layer *l, uint64_t now) {
    if (!d->holds) {
        d->holds = 1;
        d->held = *l;
        d->since = d->until = now;
        memcpy(d->source, l->source, 6);
        memcpy(d->destination, l->destination, 6);
        return;
    }
    d->held.packets++;
    d->held.fragment++;
    d->held.fragment_error += l->fragment_error;
    d->held.length += l->length;
    if (now < d->since) d->since = now;
    if (now > d->until) d->until = now;
}

static void fragment(fc_table *t, const fc_name *name, const fc_key *key, fc_layer *l, uint64_t now) {
    fc_datagram *d = place(t, name, now);
    d->got += l->piece.size;
    if (!l->piece.more) d->total = l->piece.at + l->piece.size;
    if (!l->piece.at) {
        count(t, key, l, now, now);
        if (!d->known) {
            d->known = 1;
            d->key = *key;
            d->side = (uint8_t)l->side;
        }
        if (d->holds) {
            d->holds = 0;
            d->held.side = l->side;
            d->held.source = d->source;
            d->held.destination = d->destination;
            count(t, key, &d->held, d->since, d->until);
        }
    } else if (d->known) {
        l->side = d->side;
        count(t, &d->key, l, now, now);
    } else {
        hold(d, l, now);
    }
    t->seen = 0;
    if (!d->known) return;
    fc_slot *s = find(t, &d->key);
    if (s) t->seen = (uint64_t)(s - t->slots) + 1;
    if (d->total && d->got >= d->total) d->used = 0;
}
