/* What the eBPF program keeps: its tables, what user space sets, how far a frame is taken apart. Part of flow.bpf.c. */

enum { MOST = 256, PLACE = 512, MASK = PLACE - 1, MOST_TAGS = 16, MOST_LABELS = 16, MOST_EXTENSIONS = 16 };
enum { NO_MAC = 0xFFFF };

/* What user space sets. `offset`: of the clock on the wall from that since boot, in ns; `cut`: octets looked at. */
struct config {
    u64 offset;
    u32 cut, l2_key, raw, pad;
};

struct stats {
    u64 received, octets, lost, unknown;
};

/* What one layer of a frame says besides its key. */
struct layer {
    u64 now, length;
    u32 side;
    u8 ttl, flags, asks, answers, fragment, later, wrong, pad;
};

/* How far a frame is taken apart, and what the layer at hand says; the names are those of decode.h. */
struct state {
    fc_key key;
    fc_value fresh;
    struct layer layer;
    u64 parent, folded;
    u64 source[2], destination[2]; /* addresses of the layer */
    u32 size, wire, at, start, ifindex, tunnel_id, macs, l2_key;
    s32 ethertype; /* -1: an Ethernet header is at `at` */
    u32 end;
    u16 vlan, inner_vlan, source_port, destination_port, icmp;
    u8 tunnel, raw, family, protocol, carries;
    u8 frame[PLACE + 16];
};

/* Two small tables that are made at once: their elements lie close together, and their buckets stay in the cache of a
 * CPU. Conversations that they have no room for are in a third, which grows. */
struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 16384);
    TYPE(key, fc_plain);
    TYPE(value, fc_value);
} plains SEC(".maps");

struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 4096);
    TYPE(key, fc_key);
    TYPE(value, fc_value);
} others SEC(".maps");

struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 262144);
    UINT(map_flags, NO_PREALLOC);
    TYPE(key, fc_key);
    TYPE(value, fc_value);
} flows SEC(".maps");

struct {
    UINT(type, MAP_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, u32);
    TYPE(value, struct config);
} settings SEC(".maps");

struct {
    UINT(type, MAP_PERCPU_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, u32);
    TYPE(value, struct stats);
} counts SEC(".maps");

struct {
    UINT(type, MAP_PERCPU_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, u32);
    TYPE(value, struct state);
} places SEC(".maps");

INLINE u8 one(const struct state *s, u32 at) { return s->frame[at & MASK]; }
INLINE u16 two(const struct state *s, u32 at) { return __builtin_bswap16(*(const u16 *)&s->frame[at & MASK]); }
INLINE u32 four(const struct state *s, u32 at) { return __builtin_bswap32(*(const u32 *)&s->frame[at & MASK]); }
INLINE u64 eight(const struct state *s, u32 at) { return *(const u64 *)&s->frame[at & MASK]; }
INLINE int has(const struct state *s, u32 at, u32 more) { return at <= s->size && s->size - at >= more; }

INLINE void mac(u8 *to, const struct state *s, u32 at) {
    *(u16 *)to = *(const u16 *)&s->frame[at & MASK];
    *(u16 *)(to + 2) = *(const u16 *)&s->frame[(at + 2) & MASK];
    *(u16 *)(to + 4) = *(const u16 *)&s->frame[(at + 4) & MASK];
}
