/* Places of an index in order: hashes, and beside each the ordinal that stands there (CORE §3).
 *
 * Sorted by hash and then by ordinal, digit by digit from the lowest, so that the time does not depend on what the
 * hashes are. */
#include <stdint.h>
#include <stdlib.h>

#define API __attribute__((visibility("default")))
#define DIGIT 11 /* bits */
#define SIZE (1u << DIGIT)
#define SEVERAL (-1)

struct place {
    uint64_t hash;
    int32_t ord;
};

static unsigned digit(const struct place *place, int shift) {
    return shift < 32 ? (uint32_t)place->ord >> shift & (SIZE - 1) : place->hash >> (shift - 32) & (SIZE - 1);
}

/* By one digit, keeping the order of those before it. */
static void pass(const struct place *from, struct place *to, size_t count, int shift) {
    size_t begins[SIZE] = {0}, sum = 0;
    for (size_t i = 0; i < count; i++)
        begins[digit(from + i, shift)]++;
    for (size_t d = 0; d < SIZE; d++) {
        size_t these = begins[d];
        begins[d] = sum;
        sum += these;
    }
    for (size_t i = 0; i < count; i++)
        to[begins[digit(from + i, shift)]++] = from[i];
}

/* Sorted places, in either of two rooms. */
static struct place *sorted(struct place *one, struct place *other, size_t count) {
    for (int shift = 0; shift < 32 + 64; shift += shift < 22 ? DIGIT : shift == 22 ? 10 : DIGIT) {
        struct place *swap = one;
        pass(one, other, count, shift);
        one = other;
        other = swap;
    }
    return one;
}

/* Puts places in order. `hashes` and `ords`, `count` of each, have the different hashes afterwards and of each its
 * ordinal, or SEVERAL; `where` and `several`, with room for as many, every place of those with several ordinals, each
 * once. found[0] and found[1]: how many. 0, or -1 without memory, and nothing is changed then. */
API int places_order(uint64_t *hashes, int32_t *ords, size_t count, uint64_t *where, int32_t *several, size_t found[2]) {
    struct place *room = malloc((2 * count + 1) * sizeof *room), *at;
    size_t ones = 0, others = 0;
    if (!room)
        return -1;
    for (size_t i = 0; i < count; i++)
        room[i] = (struct place){hashes[i], ords[i]};
    at = sorted(room, room + count, count);
    for (size_t i = 0, end; i < count; i = end, ones++) {
        for (end = i + 1; end < count && at[end].hash == at[i].hash; end++)
            ;
        hashes[ones] = at[i].hash;
        ords[ones] = at[end - 1].ord == at[i].ord ? at[i].ord : SEVERAL;
        if (ords[ones] != SEVERAL)
            continue;
        for (size_t k = i; k < end; k++)
            if (k == i || at[k].ord != at[k - 1].ord) {
                where[others] = at[k].hash;
                several[others++] = at[k].ord;
            }
    }
    free(room);
    found[0] = ones;
    found[1] = others;
    return 0;
}
