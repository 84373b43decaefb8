/* Whole packets that are kept until somebody takes them: flows/keeping.py in C. Part of flowcore.c. */

struct fc_kept {
    uint64_t room, used, most, unkept;
    uint8_t *at;
};

#pragma pack(push, 1)
typedef struct {
    uint64_t time;
    uint32_t size, wire, link, pad;
    fc_key key;
} fc_packet;
#pragma pack(pop)

static void free_kept(fc_table *t) {
    if (!t->kept) return;
    if (t->kept->at) munmap(t->kept->at, t->kept->room);
    free(t->kept);
    t->kept = NULL;
}

/* Keep the first `most` packets of each conversation in `room` octets. -1 without memory. */
int fc_keep(fc_table *t, uint64_t most, uint64_t room) {
    if (t->kept || !room) return -1;
    t->kept = calloc(1, sizeof *t->kept);
    if (!t->kept) return -1;
    t->kept->most = most;
    t->kept->room = room;
    t->kept->at = zeros(room);
    if (t->kept->at) return 0;
    free_kept(t);
    return -1;
}

/* A frame of the conversation that was counted last. */
static void keep(fc_table *t, const uint8_t *frame, uint32_t size, uint32_t wire, uint64_t now, int link,
                 uint16_t vlan) {
    fc_kept *k = t->kept;
    fc_slot *s = &t->slots[t->seen - 1];
    if (s->kept >= k->most) return;
    uint32_t tag = vlan && size >= 12 ? 4 : 0, whole = size + tag;
    uint64_t taken = sizeof(fc_packet) + (whole + 7ull) / 8 * 8;
    if (taken > k->room - k->used) {
        k->unkept++;
        return;
    }
    s->kept++;
    fc_packet head = {.time = now, .size = whole, .wire = wire + tag, .link = (uint32_t)link, .key = s->key};
    uint8_t *out = k->at + k->used;
    memset(out, 0, taken);
    memcpy(out, &head, sizeof head);
    out += sizeof head;
    if (tag) {
        const uint8_t said[4] = {0x81, 0x00, (uint8_t)(vlan >> 8), (uint8_t)vlan};
        memcpy(out, frame, 12);
        memcpy(out + 12, said, 4);
        memcpy(out + 16, frame + 12, size - 12);
    } else if (size) {
        memcpy(out, frame, size);
    }
    k->used += taken;
}

/* Octets that are kept now. */
uint64_t fc_kept_size(const fc_table *t) { return t->kept ? t->kept->used : 0; }

uint64_t fc_unkept(const fc_table *t) { return t->kept ? t->kept->unkept : 0; }

/* Hands over all that is kept, `fc_kept_size` octets. */
void fc_taken(fc_table *t, uint8_t *out) {
    if (!t->kept) return;
    memcpy(out, t->kept->at, t->kept->used);
    t->kept->used = 0;
}
