#include "limit/limit_uring.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "limit/limit_calls.h"
#include "limit/limit_loop.h"
#include "limit/limit_relay.h"
#include "native/heap.h"

#define QUEUE_ENTRIES      1024u
#define COMPLETION_ENTRIES 4096u
#define RECEIVE_BUFFERS    32u /* a power of two; few, so that they stay in the cache */
#define RECEIVE_ROOM       ((size_t)128 * 1024)
#define RECEIVE_SLOT       ((LIMIT_RECORD_MAX + 63u) / 64u * 64u + RECEIVE_ROOM)
#define BUFFER_GROUP       0
#define COMPLETIONS_A_TURN 128u
#define UNSUBMITTED_MAX \
    ((size_t)512 * 1024) /* bytes; then they are sent, so that their buffers are hot when used again */

enum uring_kind { URING_RECEIVE, URING_SEND };

struct send_buffer {
    struct send_buffer *next;
    uint8_t bytes[LIMIT_SEND_ROOM];
};

struct uring_link {
    uint8_t *rest;
    uint32_t rest_length;
    struct send_buffer *sending; /* until the kernel is done with it */
    size_t sending_length;
};

/* What the kernel has told of a receive and nobody has looked at yet. */
struct received {
    uint32_t link;
    int32_t result;
    uint32_t flags;
};

struct uring_state {
    struct io_uring ring;
    struct io_uring_buf_ring *buffers;
    uint8_t *memory; /* RECEIVE_BUFFERS slots: place for the rest of the last time, then for what comes */
    const int *fds;
    struct limit_relay *relay;
    struct uring_link *links;
    struct send_buffer *spare;
    struct limit_output output;
    struct received received[COMPLETION_ENTRIES];
    uint32_t received_from, received_count;
    size_t unsubmitted;
    bool is_broken;
};

static int make_ring(struct io_uring *ring) {
    struct io_uring_params parameters = {
        .flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        .cq_entries = COMPLETION_ENTRIES,
    };
    return io_uring_queue_init_params(QUEUE_ENTRIES, ring, &parameters);
}

const char *limit_uring_refusal(void) {
    struct io_uring ring;
    int error = make_ring(&ring);
    if (error == 0)
        io_uring_queue_exit(&ring);
    return error == 0 ? NULL : strerrordesc_np(-error);
}

/* --- asking ------------------------------------------------------------------------------------------------------ */

static struct io_uring_sqe *next_entry(struct uring_state *s) {
    struct io_uring_sqe *entry = io_uring_get_sqe(&s->ring);
    if (!entry) {
        limit_calls_add(1);
        CHECK(io_uring_submit(&s->ring) >= 0);
        entry = io_uring_get_sqe(&s->ring);
    }
    CHECK(entry);
    return entry;
}

static void mark(struct io_uring_sqe *entry, uint32_t link, enum uring_kind kind) {
    io_uring_sqe_set_data64(entry, (uint64_t)link << 1 | kind);
}

static void ask_receive(struct uring_state *s, uint32_t link) {
    struct io_uring_sqe *entry = next_entry(s);
    io_uring_prep_recv_multishot(entry, s->fds[link], NULL, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = BUFFER_GROUP;
    mark(entry, link, URING_RECEIVE);
}

static uint8_t *slot_of(const struct uring_state *s, uint32_t buffer) {
    return s->memory + buffer * RECEIVE_SLOT + (RECEIVE_SLOT - RECEIVE_ROOM);
}

static void give_buffer(struct uring_state *s, uint32_t buffer) {
    io_uring_buf_ring_add(s->buffers, slot_of(s, buffer), RECEIVE_ROOM, (unsigned short)buffer,
                          io_uring_buf_ring_mask(RECEIVE_BUFFERS), 0);
    io_uring_buf_ring_advance(s->buffers, 1);
}

/* --- what has been done ------------------------------------------------------------------------------------------ */

static void on_sent(struct uring_state *s, uint32_t link, int32_t result) {
    struct uring_link *l = &s->links[link];
    s->is_broken = s->is_broken || result < 0 || (size_t)result != l->sending_length;
    l->sending->next = s->spare;
    s->spare = l->sending;
    l->sending = NULL;
}

/* Sends give their buffers back at once; receives wait for their turn. */
static void reap(struct uring_state *s) {
    struct io_uring_cqe *one;
    unsigned head, seen = 0;
    io_uring_for_each_cqe(&s->ring, head, one) {
        uint32_t link = (uint32_t)(one->user_data >> 1);
        if ((one->user_data & 1) == URING_SEND) {
            on_sent(s, link, one->res);
        } else {
            if (s->received_count == COMPLETION_ENTRIES)
                break;
            uint32_t at = (s->received_from + s->received_count++) % COMPLETION_ENTRIES;
            s->received[at] = (struct received){link, one->res, one->flags};
        }
        seen++;
    }
    io_uring_cq_advance(&s->ring, seen);
}

static void take_bytes(struct uring_state *s, uint32_t link, uint8_t *bytes, size_t got) {
    struct uring_link *l = &s->links[link];
    uint8_t *from = bytes - l->rest_length;
    memcpy(from, l->rest, l->rest_length);
    size_t length = l->rest_length + got;
    size_t used = limit_relay_receive(s->relay, link, from, length);
    if (used == SIZE_MAX || length - used > LIMIT_RECORD_MAX) {
        s->is_broken = true;
        return;
    }
    l->rest_length = (uint32_t)(length - used);
    memcpy(l->rest, from + used, l->rest_length);
}

static void handle(struct uring_state *s, const struct received *one) {
    if (one->result > 0) {
        uint32_t buffer = one->flags >> IORING_CQE_BUFFER_SHIFT;
        take_bytes(s, one->link, slot_of(s, buffer), (size_t)one->result);
        give_buffer(s, buffer);
    } else if (one->result != -ENOBUFS) {
        s->is_broken = true;
    }
    if (!(one->flags & IORING_CQE_F_MORE) && !s->is_broken)
        ask_receive(s, one->link);
}

static void handle_received(struct uring_state *s) {
    for (unsigned i = 0; i < COMPLETIONS_A_TURN && s->received_count > 0; i++) {
        struct received one = s->received[s->received_from];
        s->received_from = (s->received_from + 1) % COMPLETION_ENTRIES;
        s->received_count--;
        handle(s, &one);
    }
}

/* --- sending ----------------------------------------------------------------------------------------------------- */

static bool can_write(void *context, uint32_t link) {
    return !((const struct uring_state *)context)->links[link].sending;
}

static uint8_t *reserve(void *context, uint32_t link, size_t length) {
    struct uring_state *s = context;
    struct send_buffer *buffer = s->spare;
    (void)length;
    if (buffer)
        s->spare = buffer->next;
    else
        buffer = malloc(sizeof *buffer);
    CHECK(buffer);
    s->links[link].sending = buffer;
    return buffer->bytes;
}

static void commit(void *context, uint32_t link, size_t length) {
    struct uring_state *s = context;
    struct io_uring_sqe *entry = next_entry(s);
    s->links[link].sending_length = length;
    io_uring_prep_send(entry, s->fds[link], s->links[link].sending->bytes, length,
                       MSG_NOSIGNAL | MSG_WAITALL);
    mark(entry, link, URING_SEND);
    s->unsubmitted += length;
    if (s->unsubmitted < UNSUBMITTED_MAX)
        return;
    s->unsubmitted = 0;
    limit_calls_add(1);
    s->is_broken = s->is_broken || io_uring_submit(&s->ring) < 0;
    reap(s);
}

/* --- life -------------------------------------------------------------------------------------------------------- */

static void make_buffer_ring(struct uring_state *s) {
    size_t size = RECEIVE_BUFFERS * sizeof(struct io_uring_buf);
    s->buffers = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    CHECK(s->buffers != MAP_FAILED);
    struct io_uring_buf_reg registration = {
        .ring_addr = (uintptr_t)s->buffers, .ring_entries = RECEIVE_BUFFERS, .bgid = BUFFER_GROUP};
    io_uring_buf_ring_init(s->buffers);
    CHECK(io_uring_register_buf_ring(&s->ring, &registration, 0) == 0);
}

static bool make(struct uring_state *s, const struct limit_loop *loop) {
    int error = make_ring(&s->ring);
    if (error < 0)
        return false;
    make_buffer_ring(s);
    s->memory = aligned_alloc(64, RECEIVE_BUFFERS * RECEIVE_SLOT);
    CHECK(s->memory);
    s->fds = loop->fds;
    s->relay = loop->relay;
    s->output = (struct limit_output){can_write, reserve, commit, s};
    loop->relay->output = &s->output;
    s->links = heap_new(loop->links * sizeof *s->links);
    for (uint32_t i = 0; i < RECEIVE_BUFFERS; i++)
        give_buffer(s, i);
    for (uint32_t i = 0; i < loop->links; i++) {
        s->links[i].rest = heap_new(LIMIT_RECORD_MAX);
        ask_receive(s, i);
    }
    return true;
}

/* The kernel writes to our buffers no more. */
static void drop(struct uring_state *s, uint32_t links) {
    io_uring_queue_exit(&s->ring);
    munmap(s->buffers, RECEIVE_BUFFERS * sizeof(struct io_uring_buf));
    for (uint32_t i = 0; i < links; i++) {
        free(s->links[i].rest);
        free(s->links[i].sending);
    }
    while (s->spare) {
        struct send_buffer *buffer = s->spare;
        s->spare = buffer->next;
        free(buffer);
    }
    free(s->links);
    free(s->memory);
}

static void turn(struct uring_state *s) {
    struct __kernel_timespec wait = {.tv_nsec = LIMIT_WAIT_MS * 1000000};
    struct io_uring_cqe *first;
    limit_calls_add(1);
    int error =
        io_uring_submit_and_wait_timeout(&s->ring, &first, s->received_count > 0 ? 0 : 1, &wait, NULL);
    if (error < 0 && error != -ETIME && error != -EINTR && error != -EBUSY && error != -EAGAIN)
        s->is_broken = true;
    s->unsubmitted = 0;
    reap(s);
    handle_received(s);
    limit_relay_flush(s->relay);
}

bool limit_uring_run(const struct limit_loop *loop) {
    struct uring_state *s = heap_new(sizeof *s);
    bool is_well = make(s, loop);
    while (is_well && !atomic_load_explicit(loop->is_over, memory_order_relaxed)) {
        turn(s);
        is_well = !s->is_broken;
    }
    if (s->links)
        drop(s, loop->links);
    free(s);
    return is_well;
}
