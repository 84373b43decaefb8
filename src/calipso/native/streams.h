/* What TCP's sequence numbers tell, and the first octets of conversations: flows/stream.py in C.
 * Part of flowcore.c, which has the table before this. */

enum { GAPS = 4, HEAD = 2048, PARTS = 4 };

typedef struct {
    uint32_t first, last;
} fc_span;

typedef struct {
    int64_t expected, begun; /* -1 for not known yet */
    uint64_t octets, skipped_octets;
    uint32_t segments, retransmitted, skipped;
    uint8_t saw_start, saw_end, gaps;
    fc_span gap[GAPS];
} fc_stream;

typedef struct {
    uint64_t began;
    uint32_t filled[2];
    uint8_t parts[2];
    fc_span part[2][PARTS];
    uint8_t data[2][HEAD];
} fc_head;

typedef struct {
    fc_stream stream[2];
    int64_t base[2];
    uint32_t head; /* its number and one; 0 for none */
    uint8_t begun, done;
} fc_tail;

struct fc_tails {
    int streams;
    fc_tail *of; /* beside the slots of the table */
    fc_head *heads;
    uint32_t *unused; /* numbers of heads */
    uint64_t most, left;
};

#pragma pack(push, 1)
typedef struct {
    uint32_t segments[2];
    uint64_t octets[2];
    uint32_t skipped[2];
    uint64_t skipped_octets[2];
    uint32_t retransmitted[2];
    uint8_t saw_start[2], saw_end[2];
    uint16_t head[2];
} fc_told;
#pragma pack(pop)

_Static_assert(sizeof(fc_told) == 64, "TAIL of flows/record.py");

static void free_tails(fc_table *t) {
    if (!t->tails) return;
    if (t->tails->of) munmap(t->tails->of, (t->mask + 1) * sizeof(fc_tail));
    if (t->tails->heads) munmap(t->tails->heads, t->tails->most * sizeof(fc_head));
    free(t->tails->unused);
    free(t->tails);
    t->tails = NULL;
}

/* Keep tails: of TCP's numbers if `streams`, and the first octets of `heads` conversations. -1 without memory. */
int fc_follow(fc_table *t, int streams, uint64_t heads) {
    if (t->tails || heads > 1 << 24) return -1;
    fc_tails *made = t->tails = calloc(1, sizeof *made);
    if (!made) return -1;
    made->streams = streams;
    made->most = made->left = heads;
    made->of = zeros((t->mask + 1) * sizeof(fc_tail));
    if (heads) {
        made->heads = zeros(heads * sizeof(fc_head));
        made->unused = malloc(heads * sizeof(uint32_t));
    }
    if (!made->of || (heads && (!made->heads || !made->unused))) {
        free_tails(t);
        return -1;
    }
    for (uint64_t n = 0; n < heads; n++) made->unused[n] = (uint32_t)n;
    return 0;
}

static uint32_t fill(fc_stream *s, uint32_t sequence, uint32_t end) {
    uint32_t filled = 0;
    for (int at = 0; at < s->gaps;) {
        fc_span gap = s->gap[at];
        int64_t size = (uint32_t)(gap.last - gap.first);
        int64_t low = (int32_t)(sequence - gap.first), high = (int32_t)(end - gap.first);
        if (low < 0) low = 0;
        if (high > size) high = size;
        if (low >= high) {
            at++;
            continue;
        }
        filled += (uint32_t)(high - low);
        int left = low > 0, right = high < size;
        s->skipped += (uint32_t)(left + right) - 1;
        if (left && right && s->gaps == GAPS) right = 0;
        int more = left + right - 1;
        memmove(&s->gap[at + 1 + more], &s->gap[at + 1], (size_t)(s->gaps - at - 1) * sizeof(fc_span));
        s->gaps = (uint8_t)(s->gaps + more);
        if (left) s->gap[at++] = (fc_span){gap.first, gap.first + (uint32_t)low};
        if (right) s->gap[at++] = (fc_span){gap.first + (uint32_t)high, gap.last};
    }
    s->skipped_octets -= filled;
    return filled;
}

static uint32_t fresh(fc_stream *s, uint32_t sequence, uint32_t length) {
    uint32_t end = sequence + length, expected = (uint32_t)s->expected, ahead = sequence - expected;
    if (ahead < 1u << 31) {
        if (ahead) {
            s->skipped++;
            s->skipped_octets += ahead;
            if (s->gaps == GAPS) memmove(&s->gap[0], &s->gap[1], --s->gaps * sizeof(fc_span));
            s->gap[s->gaps++] = (fc_span){expected, sequence};
        }
        s->expected = end;
        return length;
    }
    uint32_t filled = fill(s, sequence, end), beyond = end - expected;
    if (!beyond || beyond >= 1u << 31) return filled;
    s->expected = end;
    return filled + beyond;
}

static void follow(fc_stream *s, uint32_t sequence, uint32_t length, uint8_t flags) {
    if (flags & SYN) {
        sequence++;
        s->saw_start = 1;
        if (s->begun != (int64_t)sequence) {
            s->begun = s->expected = sequence;
            s->gaps = 0;
        }
    }
    if (flags & (FIN | RST)) s->saw_end = 1;
    if (!length) return;
    if (s->expected < 0) s->expected = sequence;
    uint32_t new = fresh(s, sequence, length);
    s->octets += new;
    if (new) s->segments++;
    else s->retransmitted++;
}

static void put(fc_head *h, int side, uint32_t offset, const uint8_t *piece, uint32_t size) {
    if (size > HEAD - offset) size = HEAD - offset;
    uint32_t filled = h->filled[side], end = offset + size;
    if (end <= filled) return;
    fc_span *parts = h->part[side];
    if (offset > filled) {
        if (h->parts[side] < PARTS) {
            memcpy(h->data[side] + offset, piece, size);
            parts[h->parts[side]++] = (fc_span){offset, end};
        }
        return;
    }
    memcpy(h->data[side] + filled, piece + (filled - offset), end - filled);
    filled = end;
    for (int n = 0; n < h->parts[side];) {
        if (parts[n].first > filled) {
            n++;
            continue;
        }
        if (parts[n].last > filled) filled = parts[n].last;
        memmove(&parts[n], &parts[n + 1], (size_t)(--h->parts[side] - n) * sizeof(fc_span));
        n = 0;
    }
    h->filled[side] = filled;
}

static void read_head(fc_tails *all, fc_tail *tail, const fc_layer *l, uint8_t protocol, uint64_t now) {
    int side = l->side;
    uint32_t offset = 0;
    if (protocol == 6) {
        uint32_t begun = l->sequence + !!(l->flags & SYN);
        if (tail->base[side] < 0 && (l->data_size || l->flags & SYN)) tail->base[side] = begun;
        offset = begun - (uint32_t)tail->base[side];
    } else if (tail->head && all->heads[tail->head - 1].filled[side]) {
        return;
    }
    if (!l->data_size || offset >= HEAD || (protocol != 6 && protocol != 17 && protocol != 112)) return;
    if (!tail->head) {
        if (!all->left) return;
        tail->head = all->unused[--all->left] + 1;
        memset(&all->heads[tail->head - 1], 0, offsetof(fc_head, data));
        all->heads[tail->head - 1].began = now;
    }
    put(&all->heads[tail->head - 1], side, offset, l->data, l->data_size);
}

/* A frame of the conversation at place `at`. */
static void take(fc_table *t, uint64_t at, const fc_layer *l, uint64_t now) {
    fc_tail *tail = &t->tails->of[at];
    uint8_t protocol = t->slots[at].key.protocol;
    if (!tail->begun) {
        memset(tail, 0, sizeof *tail);
        tail->begun = 1;
        tail->base[0] = tail->base[1] = -1;
        for (int side = 0; side < 2; side++) tail->stream[side].expected = tail->stream[side].begun = -1;
    }
    if (protocol == 6 && t->tails->streams && l->tcp && l->flags)
        follow(&tail->stream[l->side], l->sequence, l->payload, l->flags);
    if (t->tails->most && !tail->done) read_head(t->tails, tail, l, protocol, now);
}

static void release(fc_tails *all, fc_tail *tail) {
    if (!tail->head) return;
    all->unused[all->left++] = tail->head - 1;
    tail->head = 0;
    tail->done = 1;
}

/* The first octets of conversations that began before were read: room for others. */
void fc_release(fc_table *t, uint64_t before) {
    if (!t->tails || !t->tails->most) return;
    for (uint64_t at = 0; at <= t->mask; at++) {
        fc_tail *tail = &t->tails->of[at];
        if (t->tags[at] && tail->head && t->tails->heads[tail->head - 1].began < before) release(t->tails, tail);
    }
}

static uint64_t told_size(const fc_table *t, uint64_t at) {
    const fc_tail *tail = &t->tails->of[at];
    const fc_head *h = tail->head ? &t->tails->heads[tail->head - 1] : NULL;
    uint64_t octets = h ? h->filled[0] + h->filled[1] : 0;
    return sizeof(fc_told) + (octets + 7) / 8 * 8;
}

/* Writes the tail at place `at`, of `told_size` octets. */
static void tell(const fc_table *t, uint64_t at, uint8_t *out) {
    const fc_tail *tail = &t->tails->of[at];
    const fc_head *h = tail->head ? &t->tails->heads[tail->head - 1] : NULL;
    fc_told told;
    memset(out, 0, told_size(t, at));
    uint8_t *data = out + sizeof told;
    for (int side = 0; side < 2; side++) {
        const fc_stream *s = &tail->stream[side];
        told.segments[side] = s->segments;
        told.octets[side] = s->octets;
        told.skipped[side] = s->skipped;
        told.skipped_octets[side] = s->skipped_octets;
        told.retransmitted[side] = s->retransmitted;
        told.saw_start[side] = s->saw_start;
        told.saw_end[side] = s->saw_end;
        told.head[side] = (uint16_t)(h ? h->filled[side] : 0);
        if (h) memcpy(data, h->data[side], h->filled[side]);
        data += h ? h->filled[side] : 0;
    }
    memcpy(out, &told, sizeof told);
}
