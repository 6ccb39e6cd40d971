#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "memnet/memnet_state.h"
#include "memnet/pattern.h"

struct pipe *pipe_new(struct memnet *net) {
    struct pipe *pipe = memnet_take(sizeof(*pipe));
    pipe->net = net;
    pipe->number = net->pipe_next++;
    pipe->ends[0].pipe = pipe;
    pipe->ends[1].pipe = pipe;
    list_append(&net->pipes, &pipe->entry);
    return pipe;
}

void pipe_free(struct pipe *pipe) {
    free(pipe->ends[0].inbox);
    free(pipe->ends[1].inbox);
    free(pipe);
}

struct pipe_end *pipe_other(const struct pipe_end *end) {
    struct pipe *pipe = end->pipe;
    return end == &pipe->ends[0] ? &pipe->ends[1] : &pipe->ends[0];
}

static void used(struct pipe_end *end, size_t length) {
    struct pipe_end *sender = pipe_other(end);
    CHECK(sender->outstanding >= length);
    sender->outstanding -= length;
    if (length > 0 && sender->is_open)
        sender->ops->writable(sender);
}

/* Let the owner read. It may close its end on the way. */
static void read_inbox(struct pipe_end *end) {
    if (end->is_paused || !end->is_open)
        return;
    if (end->inbox_length > 0) {
        size_t length = end->ops->receive(end, end->inbox, end->inbox_length);
        if (!end->is_open)
            return; /* it hung up; pipe_close has thrown the inbox away */
        CHECK(length <= end->inbox_length);
        memmove(end->inbox, end->inbox + length, end->inbox_length - length);
        end->inbox_length -= length;
        used(end, length);
    }
    if (end->is_eof && end->is_open) {
        end->is_open = false;
        end->ops->closed(end);
    }
}

static void append(struct pipe_end *end, const uint8_t *bytes, size_t length) {
    if (end->inbox_length + length > end->inbox_room) {
        end->inbox_room = 2 * (end->inbox_length + length);
        end->inbox = realloc(end->inbox, end->inbox_room);
        CHECK(end->inbox);
    }
    memcpy(end->inbox + end->inbox_length, bytes, length);
    end->inbox_length += length;
}

static void arrive(void *subject, uint64_t length, void *payload) {
    struct pipe_end *end = subject;
    if (!end->is_open) {
        used(end, length);
        return;
    }
    const uint8_t *bytes = payload;
    size_t most = end->pipe->net->options.deliver_max;
    for (size_t done = 0; done < length;) {
        size_t part = most > 0 && length - done > most ? most : length - done;
        append(end, bytes + done, part);
        done += part;
        read_inbox(end);
    }
}

static void arrive_eof(void *subject, uint64_t argument, void *payload) {
    (void)argument;
    (void)payload;
    struct pipe_end *end = subject;
    end->is_eof = true;
    read_inbox(end);
}

static void read_again(void *subject, uint64_t argument, void *payload) {
    (void)argument;
    (void)payload;
    read_inbox(subject);
}

void pipe_send(struct pipe_end *end, const uint8_t *bytes, size_t length) {
    if (!end->is_open || length == 0)
        return;
    struct memnet *net = end->pipe->net;
    uint8_t *copy = memnet_take(length);
    memcpy(copy, bytes, length);
    end->outstanding += length;
    memnet_plan(net, net->now + net->options.link_latency, arrive, pipe_other(end), length, copy);
}

void pipe_close(struct pipe_end *end) {
    if (!end->is_open)
        return;
    struct memnet *net = end->pipe->net;
    end->is_open = false;
    used(end, end->inbox_length);
    end->inbox_length = 0;
    memnet_plan(net, net->now + net->options.link_latency, arrive_eof, pipe_other(end), 0, NULL);
}

void pipe_break(struct pipe *pipe) {
    for (unsigned i = 0; i < 2; i++) {
        struct pipe_end *end = &pipe->ends[i];
        if (!end->is_open)
            continue;
        end->is_open = false;
        end->ops->closed(end);
    }
}

void pipe_set_reading(struct pipe_end *end, bool on) {
    end->is_paused = !on;
    if (on && (end->inbox_length > 0 || end->is_eof))
        memnet_plan(end->pipe->net, end->pipe->net->now, read_again, end, 0, NULL);
}

size_t pipe_room(const struct pipe_end *end) {
    size_t most = 2 * end->pipe->net->options.window;
    return end->is_stalled || end->outstanding >= most ? 0 : most - end->outstanding;
}

/* Both ends know the connection's number and the initiator's digest. */
static void export_secret(void *context, const uint8_t cid[static 32], uint8_t out[static 32]) {
    const struct pipe *pipe = context;
    pattern_fill(pipe->number + 1, load_u32(cid), out, 32);
}

void pipe_facts(struct pipe_end *end, struct link_facts *facts_out) {
    const struct pipe_end *other = pipe_other(end);
    bool is_initiator = end == &end->pipe->ends[0];
    *facts_out = (struct link_facts){
        .is_initiator = is_initiator,
        .peer = {.address = {.family = ADDRESS_IPV4, .bytes = {10, 1, 0, 1}}, .port = 40000},
        .export_secret = export_secret,
        .export_context = end->pipe,
    };
    if (other->relay) {
        facts_out->peer.address.bytes[1] = 0;
        facts_out->peer.address.bytes[3] = (uint8_t)(memnet_relay_index(other->relay) + 1);
        facts_out->peer.port = is_initiator ? MEMNET_PORT : 40000;
        memcpy(facts_out->peer_certificate_sha256, memnet_relay_certificate(other->relay), 32);
    }
}
