/* Some attributes of many objects at once, read off their encoded facets (CORE §2, §5; msgpack's specification, zstd.h).
 *
 * A facet is [type, scope, {attribute: value}] with sorted keys, plain or compressed with a dictionary. Answered is what
 * objects say of the attributes needed, each different answer once, as a msgpack list of maps, and which objects say it:
 * keys and values are copied as they are encoded, whatever else a facet says is passed over. An object's facets stand as
 * they take precedence. Reading runs in a thread of its own, so that the asker can gather what comes next meanwhile.
 * libzstd is looked for when it is first needed, so that nothing needs its headers; the prototypes below are of its
 * stable interface. A skimmer is for one thread. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "msgpack.h"

#define API __attribute__((visibility("default")))
#define LARGEST (64u << 20) /* octets of one facet */
#define MOST 15             /* names at a time */
#define FRAME 0x28          /* how a compressed one begins */

struct zstd {
    void *(*create_context)(void);
    size_t (*free_context)(void *);
    void *(*create_dictionary)(const void *, size_t);
    size_t (*free_dictionary)(void *);
    unsigned long long (*content_size)(const void *, size_t);
    size_t (*decompress)(void *, void *, size_t, const void *, size_t, const void *);
    unsigned (*is_error)(size_t);
};

struct room {
    uint8_t *at;
    size_t used, size;
};

/* What is asked: facets one after another, as are the names needed, which are sorted. All of it stays the asker's. */
struct batch {
    const uint8_t *facets, *needs;
    const uint32_t *ords, *facets_of, *sizes, *need_sizes;
    uint32_t objects, needed, version; /* of addresses: of others nothing need be said */
};

/* What is answered; counts has how many of `ords` say each of the `different` answers, one after another. */
struct said {
    const uint8_t *answers;
    uint64_t size;
    const uint32_t *counts, *ords;
    uint32_t different, objects;
};

struct answer {
    size_t at, size;
    uint32_t count, before;
};

struct skimmer {
    struct zstd zstd;
    void *library, *context, *dictionary;
    /* of answers: their text, what is known of each, the places of their hashes, and of each object its answer */
    struct room plain, out, known, places, marks, counts, ords;
    struct batch batch;
    struct said said;
    pthread_t thread;
    int running, read;
};

static int grow(struct room *room, size_t more) {
    if (more <= room->size - room->used)
        return 1;
    size_t size = room->size ? room->size : 4096;
    while (size - room->used < more)
        size *= 2;
    uint8_t *at = realloc(room->at, size);
    if (!at)
        return 0;
    room->at = at;
    room->size = size;
    return 1;
}

static int load(struct skimmer *s) {
    s->library = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!s->library)
        return 0;
    const struct {
        const char *name;
        void *to;
    } wanted[] = {
        {"ZSTD_createDCtx", &s->zstd.create_context},
        {"ZSTD_freeDCtx", &s->zstd.free_context},
        {"ZSTD_createDDict", &s->zstd.create_dictionary},
        {"ZSTD_freeDDict", &s->zstd.free_dictionary},
        {"ZSTD_getFrameContentSize", &s->zstd.content_size},
        {"ZSTD_decompress_usingDDict", &s->zstd.decompress},
        {"ZSTD_isError", &s->zstd.is_error},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        void *found = dlsym(s->library, wanted[i].name);
        if (!found)
            return 0;
        memcpy(wanted[i].to, &found, sizeof found);
    }
    return 1;
}

API void skim_free(struct skimmer *s) {
    if (!s)
        return;
    if (s->running)
        pthread_join(s->thread, NULL);
    if (s->context)
        s->zstd.free_context(s->context);
    if (s->dictionary)
        s->zstd.free_dictionary(s->dictionary);
    if (s->library)
        dlclose(s->library);
    struct room *rooms[] = {&s->plain, &s->out, &s->known, &s->places, &s->marks, &s->counts, &s->ords};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
        free(rooms[i]->at);
    free(s);
}

/* NULL without memory or libzstd. */
API struct skimmer *skim_new(const void *dictionary, size_t size) {
    struct skimmer *s = calloc(1, sizeof *s);
    if (!s || !load(s))
        return skim_free(s), NULL;
    s->context = s->zstd.create_context();
    s->dictionary = s->zstd.create_dictionary(dictionary, size);
    if (!s->context || !s->dictionary)
        return skim_free(s), NULL;
    return s;
}

static int add(struct skimmer *s, const uint8_t *p, const uint8_t *end) {
    if (!grow(&s->out, (size_t)(end - p)))
        return 0;
    memcpy(s->out.at + s->out.used, p, (size_t)(end - p));
    s->out.used += (size_t)(end - p);
    return 1;
}

/* 6 with a colon, 4 with three dots, as `query/names.py` has it. */
static unsigned version_of(struct span text) {
    unsigned dots = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] == ':')
            return 6;
        dots += text.at[i] == '.';
    }
    return dots == 3 ? 4 : 0;
}

/* Of the array of texts between value and end those that are addresses of a version, after their key; -1 when it is no
 * such array, else how many it has of them. */
static int64_t add_addresses(
    struct skimmer *s, const uint8_t *key, const uint8_t *value, const uint8_t *end, unsigned version) {
    uint64_t count;
    size_t before = s->out.used, head;
    const uint8_t *p = array(value, end, &count);
    if (!p || !add(s, key, value) || !grow(&s->out, 5))
        return s->out.used = before, -1;
    head = s->out.used;
    s->out.used += 5;
    uint32_t kept = 0;
    for (; count; count--) {
        struct span found;
        const uint8_t *next = text(p, end, &found);
        if (!next || (version_of(found) == version && ++kept && !add(s, p, next)))
            return s->out.used = before, -1;
        p = next;
    }
    s->out.at[head] = 0xdd;
    for (int i = 0; i < 4; i++)
        s->out.at[head + 1 + (size_t)i] = (uint8_t)(kept >> (24 - 8 * i));
    if (!kept)
        s->out.used = before;
    return kept;
}

/* Adds what one facet says of the names that are not `found` yet; how many that are, -1 when it is no facet. */
static int take(struct skimmer *s, struct span body, const struct span *needs, size_t needed, uint32_t *found) {
    const uint8_t *p = body.at, *end = body.at + body.size;
    uint64_t count;
    int added = 0;
    if (!(p = opened(p, end, &count)))
        return -1;
    for (size_t next = 0; count && next < needed; count--) {
        struct span key = {0};
        const uint8_t *begin = p, *value = text(p, end, &key);
        if (!value || !(p = after(value, end)))
            return -1;
        int order = -1;
        while (next < needed && (order = compare(needs + next, &key)) < 0)
            next++;
        if (next == needed || order || *found & 1u << next)
            continue;
        *found |= 1u << next;
        int64_t some = s->batch.version ? add_addresses(s, begin, value, p, s->batch.version) : -1;
        if (some < 0 && !add(s, begin, p))
            return -1;
        added += some != 0;
    }
    return added;
}

static int unpacked(struct skimmer *s, struct span *body) {
    unsigned long long size = s->zstd.content_size(body->at, body->size);
    if (size > LARGEST || !grow(&s->plain, (size_t)size))
        return 0;
    size_t got = s->zstd.decompress(s->context, s->plain.at, (size_t)size, body->at, body->size, s->dictionary);
    if (s->zstd.is_error(got))
        return 0;
    *body = (struct span){s->plain.at, got};
    return 1;
}

/* The names that are sought; 0 when they are too many. */
static size_t seek(struct span sought[MOST], const struct batch *batch) {
    const uint8_t *text = batch->needs;
    for (uint32_t i = 0; i < batch->needed && batch->needed <= MOST; i++) {
        sought[i] = (struct span){text, batch->need_sizes[i]};
        text += batch->need_sizes[i];
    }
    return batch->needed <= MOST ? batch->needed : 0;
}

/* FNV-1a, 64 bits. */
static uint64_t hash(const uint8_t *p, size_t size) {
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h ^ h >> 32;
}

/* The number of the answer that begins at `at` and is the last of `out`: one that was given before when it is the same,
 * and then taken out again. `places` has a power of two of entries, more than answers, each a number plus one. */
static uint32_t number(struct skimmer *s, size_t at, uint32_t *known, size_t places) {
    struct answer *answers = (struct answer *)s->known.at;
    uint32_t *place = (uint32_t *)s->places.at;
    size_t size = s->out.used - at;
    for (size_t i = hash(s->out.at + at, size) & (places - 1);; i = (i + 1) & (places - 1)) {
        if (!place[i]) {
            answers[*known] = (struct answer){at, size, 0, 0};
            return place[i] = ++*known, *known - 1;
        }
        struct answer *other = answers + place[i] - 1;
        if (other->size == size && !memcmp(s->out.at + other->at, s->out.at + at, size))
            return s->out.used = at, place[i] - 1;
    }
}

/* The facets of one object, and where the next begins; its answer, if it has one, is the last of `out`. */
static int one(
    struct skimmer *s, const struct span *sought, size_t needed, uint32_t facets, const uint8_t **at,
    const uint32_t **sizes) {
    if (!grow(&s->out, 1))
        return 0;
    size_t head = s->out.used++;
    uint32_t found = 0;
    int said = 0;
    for (; facets; facets--) {
        struct span body = {*at, *(*sizes)++};
        *at += body.size;
        if (body.size && *body.at == FRAME && !unpacked(s, &body))
            return 0;
        int added = take(s, body, sought, needed, &found);
        if (added < 0)
            return 0;
        said += added;
    }
    s->out.at[head] = 0x80 | (uint8_t)said; /* at most MOST */
    return 1;
}

static int fits(struct room *room, size_t size) {
    room->used = 0;
    return grow(room, size ? size : 1);
}

/* Objects by their answers, of which `known` are known. */
static void group(struct skimmer *s, uint32_t known) {
    struct answer *answers = (struct answer *)s->known.at;
    uint32_t *counts = (uint32_t *)s->counts.at, *ords = (uint32_t *)s->ords.at, *marks = (uint32_t *)s->marks.at;
    uint32_t total = 0;
    for (uint32_t i = 0; i < known; i++) {
        counts[i] = answers[i].count;
        answers[i].before = total;
        total += counts[i];
    }
    for (uint32_t i = 0; i < s->batch.objects; i++)
        if (marks[i])
            ords[answers[marks[i] - 1].before++] = s->batch.ords[i];
    for (int i = 0; i < 4; i++)
        s->out.at[1 + i] = (uint8_t)(known >> (24 - 8 * i));
    s->said = (struct said){s->out.at, s->out.used, counts, ords, known, total};
}

static int read_all(struct skimmer *s) {
    const struct batch *b = &s->batch;
    struct span sought[MOST];
    size_t needed = seek(sought, b), places = 16, objects = b->objects;
    while (places < 2 * objects)
        places *= 2;
    if (!needed || !fits(&s->out, 5) || !fits(&s->known, objects * sizeof(struct answer)) ||
        !fits(&s->places, places * 4) || !fits(&s->marks, objects * 4) || !fits(&s->counts, objects * 4) ||
        !fits(&s->ords, objects * 4))
        return 0;
    memset(s->places.at, 0, places * 4);
    s->out.at[0] = 0xdd;
    s->out.used = 5;
    const uint8_t *at = b->facets;
    const uint32_t *sizes = b->sizes;
    uint32_t known = 0;
    for (uint32_t i = 0; i < b->objects; i++) {
        size_t begin = s->out.used;
        if (!one(s, sought, needed, b->facets_of[i], &at, &sizes))
            return 0;
        uint32_t *mark = (uint32_t *)s->marks.at + i;
        if (s->out.at[begin] == 0x80) { /* it says nothing of them */
            s->out.used = begin;
            *mark = 0;
        } else {
            *mark = number(s, begin, &known, places) + 1;
            ((struct answer *)s->known.at)[*mark - 1].count++;
        }
    }
    return group(s, known), 1;
}

static void *run(void *of) {
    struct skimmer *s = of;
    s->read = read_all(s);
    return NULL;
}

/* Begins to read; what the batch points to stays as it is until `skim_end`, `skim_free` or the next beginning. */
API void skim_begin(struct skimmer *s, const struct batch *batch) {
    if (s->running)
        pthread_join(s->thread, NULL);
    s->batch = *batch;
    s->running = !pthread_create(&s->thread, NULL, run, s);
    if (!s->running)
        run(s);
}

/* What was read, good until the next beginning; NULL when something cannot be read here. */
API const struct said *skim_end(struct skimmer *s) {
    if (s->running)
        pthread_join(s->thread, NULL);
    s->running = 0;
    return s->read ? &s->said : NULL;
}
