/* What linux/bpf.h and bpf/bpf_helpers.h would say, as far as flow.bpf.c needs it: so only clang compiles it. */
#ifndef CALIPSO_BPF_H
#define CALIPSO_BPF_H

#include "record.h"

#define SEC(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))
#define UINT(name, value) int (*name)[value]
#define TYPE(name, type) type *name

enum { MAP_HASH = 1, MAP_ARRAY = 2, MAP_PERCPU_ARRAY = 6, NO_PREALLOC = 1, NOEXIST = 1 };
enum { PASS_ON = -1 }; /* TCX_NEXT, TC_ACT_UNSPEC */

struct __sk_buff {
    u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex,
        ifindex, tc_index, cb[5], hash, tc_classid, data, data_end;
};

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*bpf_skb_load_bytes)(const void *skb, u32 offset, void *to, u32 len) = (void *)26;
static u64 (*bpf_ktime_get_boot_ns)(void) = (void *)125;

#endif
