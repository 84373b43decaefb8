/* What fields of headers mean, alike for the C core and for the eBPF program: they are handed numbers, not frames. */
#ifndef CALIPSO_HEADERS_H
#define CALIPSO_HEADERS_H

#include "record.h"

enum { IP4 = 0x0800, IP6 = 0x86DD, ETHERNET_INSIDE = 0x6558, LABELLED = 0x8847, LABELLED_MANY = 0x8848 };
enum { ERSPAN_2 = 0x88BE, ERSPAN_3 = 0x22EB };
enum { DEEPEST = 4 }; /* conversations inside of one another that are counted */

INLINE int is_vlan(int ethertype) { return ethertype == 0x8100 || ethertype == 0x88A8 || ethertype == 0x9100; }

INLINE int is_labelled(int ethertype) { return ethertype == LABELLED || ethertype == LABELLED_MANY; }

/* Which tunnel UDP to a port is. */
INLINE u8 tunnel_of(u16 port) {
    if (port == 4789 || port == 8472) return VXLAN;
    if (port == 6081) return GENEVE;
    if (port == 6635) return MPLS_UDP;
    return port == 2152 ? GTPU : NONE;
}

INLINE u8 tunnel_of_gre(u16 ethertype) {
    if (ethertype == ETHERNET_INSIDE) return GRETAP;
    if (ethertype == LABELLED) return MPLS;
    return ethertype == ERSPAN_2 || ethertype == ERSPAN_3 ? ERSPAN : GRE;
}

/* Octets of GRE's header with these flags. */
INLINE u32 size_of_gre(u16 flags) {
    return 4 + (flags & 0x8000 ? 4 : 0) + (flags & 0x2000 ? 4 : 0) + (flags & 0x1000 ? 4 : 0);
}

/* Octets of an extension header of IPv6 whose second octet is `size`; 0 for what is none. */
INLINE u32 size_of_extension(u8 protocol, u8 size) {
    switch (protocol) {
    case 0:
    case 43:
    case 60:
    case 135:
    case 139:
    case 140: return 8 + size * 8u;
    case 51: return 8 + size * 4u;
    case 44: return 8;
    }
    return 0;
}

/* The type of the request that a message of ICMP is or answers; `asks`: it is a request that has a reply. */
INLINE u8 request_of(u8 protocol, u8 kind, u8 *asks) {
    if (protocol == ICMP6) {
        *asks = kind == 128;
        return kind == 129 ? 128 : kind;
    }
    *asks = kind == 8 || kind == 13 || kind == 15 || kind == 17;
    if (kind == 0) return 8;
    return kind == 14 || kind == 16 || kind == 18 ? kind - 1 : kind;
}

#endif
