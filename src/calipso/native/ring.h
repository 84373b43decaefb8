/* The ring of AF_PACKET: blocks of TPACKET_V3 (linux/if_packet.h). Part of flowcore.c, which has frames before this. */

typedef struct {
    int fd;
    uint8_t *blocks;
    uint32_t size, count, current;
} fc_ring;

/* Maps the ring of a socket whose PACKET_RX_RING was set; NULL, and errno, when it cannot. */
fc_ring *fc_ring_new(int fd, uint32_t size, uint32_t count) {
    fc_ring *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->fd = fd;
    r->size = size;
    r->count = count;
    r->blocks = mmap(0, (size_t)size * count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (r->blocks == MAP_FAILED) {
        free(r);
        return NULL;
    }
    return r;
}

void fc_ring_free(fc_ring *r) {
    if (!r) return;
    munmap(r->blocks, (size_t)r->size * r->count);
    free(r);
}

static uint64_t block(fc_table *t, struct tpacket_block_desc *b, uint32_t ifindex) {
    struct tpacket3_hdr *h = (void *)((uint8_t *)b + b->hdr.bh1.offset_to_first_pkt);
    uint32_t n = b->hdr.bh1.num_pkts;
    for (uint32_t i = 0; i < n; i++) {
        uint16_t vlan = h->tp_status & TP_STATUS_VLAN_VALID ? h->hv1.tp_vlan_tci & 0xFFF : 0;
        uint64_t now = (uint64_t)h->tp_sec * 1000000000ull + h->tp_nsec;
        fc_frame(t, (uint8_t *)h + h->tp_mac, h->tp_snaplen, h->tp_len, now, ETHERNET, ifindex, vlan);
        h = (void *)((uint8_t *)h + h->tp_next_offset);
    }
    return n;
}

/* Counts what comes for `milliseconds`; how many packets, or -1 and errno when the device is gone. */
int64_t fc_ring_run(fc_ring *r, fc_table *t, int milliseconds, uint32_t ifindex) {
    int64_t packets = 0;
    struct timespec began, now;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (;;) {
        struct tpacket_block_desc *b = (void *)(r->blocks + (size_t)r->current * r->size);
        if (__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) {
            packets += (int64_t)block(t, b, ifindex);
            __atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
            r->current = (r->current + 1) % r->count;
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t left = milliseconds - ((now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000);
        if (left <= 0) return packets;
        b = (void *)(r->blocks + (size_t)r->current * r->size);
        if (__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) continue;
        struct pollfd wait = {.fd = r->fd, .events = POLLIN | POLLERR};
        int found = poll(&wait, 1, (int)left);
        if (found < 0 && errno != EINTR) return -1;
        if (found > 0 && wait.revents & (POLLERR | POLLNVAL)) {
            int error = 0;
            socklen_t size = sizeof error;
            getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &error, &size);
            errno = error ? error : ENETDOWN;
            return -1;
        }
    }
}
