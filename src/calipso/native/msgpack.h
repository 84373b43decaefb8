/* Walking over msgpack as it stands, up to its end and never beyond (msgpack's specification). */
#ifndef CALIPSO_MSGPACK_H
#define CALIPSO_MSGPACK_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *at;
    size_t size;
};

static uint64_t big_endian(const uint8_t *p, unsigned size) {
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | p[i];
    return value;
}

/* How many octets a length or a number after this first octet has: 0xc4 to 0xdf. */
static const uint8_t FIXED[] = {1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, 1, 2, 4, 2, 4, 2, 4};

/* The end of the value at p, NULL when there is none. Most are short texts, numbers, nothing and truth values. */
static const uint8_t *after(const uint8_t *p, const uint8_t *end) {
    if (p < end && *p >= 0xa0 && *p <= 0xbf)
        return (size_t)(end - p) > (*p & 31u) ? p + 1 + (*p & 31) : NULL;
    for (uint64_t left = 1; left; left--) {
        if (p >= end)
            return NULL;
        uint8_t first = *p++;
        uint64_t more = 0;
        if (first <= 0x7f || first >= 0xe0 || first == 0xc0 || first == 0xc2 || first == 0xc3)
            continue;
        if (first <= 0x8f)
            left += 2 * (uint64_t)(first & 15);
        else if (first <= 0x9f)
            left += first & 15;
        else if (first <= 0xbf)
            more = first & 31;
        else if (first == 0xc1)
            return NULL;
        else {
            unsigned size = FIXED[first - 0xc4];
            if ((size_t)(end - p) < size)
                return NULL;
            if (first >= 0xdc)
                left += big_endian(p, size) << (first >= 0xde);
            else if (first <= 0xc9 || first >= 0xd9)
                more = big_endian(p, size) + (first >= 0xc7 && first <= 0xc9);
            p += size;
        }
        if ((uint64_t)(end - p) < more)
            return NULL;
        p += more;
    }
    return p;
}

/* The text at p; its end, NULL when there is none. */
static const uint8_t *text(const uint8_t *p, const uint8_t *end, struct span *found) {
    const uint8_t *next = after(p, end);
    if (!next)
        return NULL;
    if (*p >= 0xa0 && *p <= 0xbf)
        found->at = p + 1;
    else if (*p >= 0xd9 && *p <= 0xdb)
        found->at = p + 1 + (1u << (*p - 0xd9));
    else
        return NULL;
    found->size = (size_t)(next - found->at);
    return next;
}

/* In the order of octets. Most differ in the first. */
static int compare(const struct span *a, const struct span *b) {
    if (a->size && b->size && *a->at != *b->at)
        return *a->at < *b->at ? -1 : 1;
    int order = memcmp(a->at, b->at, a->size < b->size ? a->size : b->size);
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

/* The first attribute and how many there are; NULL when it is no facet. */
static const uint8_t *opened(const uint8_t *p, const uint8_t *end, uint64_t *count) {
    if (p >= end || *p++ != 0x93 || !(p = after(p, end)) || !(p = after(p, end)) || p >= end)
        return NULL;
    uint8_t first = *p++;
    if (first >= 0x80 && first <= 0x8f)
        return *count = first & 15, p;
    if (first != 0xde && first != 0xdf)
        return NULL;
    unsigned size = FIXED[first - 0xc4];
    if ((size_t)(end - p) < size)
        return NULL;
    return *count = big_endian(p, size), p + size;
}

/* The first element of the array at p and how many there are; NULL when it is none. */
static const uint8_t *array(const uint8_t *p, const uint8_t *end, uint64_t *count) {
    uint8_t first = *p++;
    if (first >= 0x90 && first <= 0x9f)
        return *count = first & 15, p;
    unsigned size = first == 0xdc ? 2 : first == 0xdd ? 4 : 0;
    if (!size || (size_t)(end - p) < size)
        return NULL;
    return *count = big_endian(p, size), p + size;
}
#endif
