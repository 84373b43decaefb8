/* The table of conversations: places with open addressing, 240 octets and a little more each. Part of flowcore.c. */

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

