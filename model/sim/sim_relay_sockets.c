/* Links of a relay that works as the published prototype does (COST_POC): a connection thread has the sockets of its links and
 * their TLS, and nothing else; one manager, on the main thread, has all cells.
 *
 * What has come is read and opened in a step of the connection thread, waits in inbuf when that ends, and is taken in a step
 * of the main thread. What the main thread gives to a link waits in outbuf, is sealed in a step of the connection thread,
 * and seen by the world when that ends. Each batch that crosses counts as published (mailbox_flushes), its cells
 * as crossed, both by who gives it; he wakes the other thread unless it was woken since its turn began.
 * Bounds: a socket is not read while a whole read of it waits for the manager (the prototype has no bound here but the
 * windows of circuits); what waits for a socket is not sent yet, for KIST.
 * Exit streams are the main thread's own, as in the prototype. Links go to connection threads in turn. */
#include "base/check.h"
#include "sim/sim_relay_state.h"

#define READ_BYTES_MAX (1024u * CELL_LEN) /* of a socket at a time, as in the prototype */

/* --- making -------------------------------------------------------------------------------------------------------- */

bool sim_socket_attach(struct sim_relay *relay, struct sim_link *link) {
    link->socket = memory_allocate(host_memory(relay->host), sizeof(*link->socket));
    if (!link->socket) {
        host_fail(relay->host);
        return false;
    }
    link->socket->thread = (uint16_t)(1 + relay->socket_thread_next);
    relay->socket_thread_next = (uint16_t)((relay->socket_thread_next + 1) % relay->socket_thread_count);
    return true;
}

void sim_socket_detach(struct sim_relay *relay, struct sim_link *link) {
    struct sim_socket *socket = link->socket;
    if (!socket)
        return;
    sim_train_free(relay->host, &socket->opened);
    sim_train_free(relay->host, &socket->inbuf);
    sim_train_free(relay->host, &socket->outbuf);
    sim_train_free(relay->host, &socket->sealed);
    memory_release(host_memory(relay->host), socket, sizeof(*socket));
    link->socket = NULL;
}

static struct sim_socket_thread *thread_of(struct sim_relay *relay, const struct sim_link *link) {
    return &relay->socket_threads[link->socket->thread - 1];
}

static struct work *main_work(struct sim_relay *relay) {
    return manager_work_mutable(relay->stations[0].manager);
}

void sim_sockets_add_work(const struct sim_relay *relay, struct work *sum) {
    for (uint16_t i = 0; i < relay->socket_thread_count; i++) {
        struct work own = relay->socket_threads[i].work;
        own.handshakes_link = 0; /* the manager has counted it, too */
        work_add(sum, &own);
    }
}

/* --- between the threads ------------------------------------------------------------------------------------------- */

/* Returns the bytes of plaintext. */
static uint64_t move_all(struct sim_train *from, struct sim_train *to) {
    struct sim_message *message;
    uint64_t plain = 0;
    while ((message = sim_train_shift(from))) {
        plain += message->plain;
        sim_train_add(to, message);
    }
    return plain;
}

/* A batch with so many bytes of plaintext, sum_inout of them in all; each cell counts where it ends. */
static void count_crossing(struct work *work, uint64_t *sum_inout, uint64_t plain) {
    uint64_t before = *sum_inout / CELL_LEN;
    *sum_inout += plain;
    work->cells_crossed += *sum_inout / CELL_LEN - before;
    work->mailbox_flushes++;
}

static void wake(struct work *work, bool *is_woken) {
    work->wakes += !*is_woken;
    *is_woken = true;
}

void sim_socket_post(struct sim_relay *relay, nsec now, const struct sim_link *link,
                     enum sim_input_kind kind) {
    const struct sim_input input = {.object = link->id, .kind = (uint8_t)kind};
    if (!sim_threads_post(&relay->threads, now, link->socket->thread, &input))
        return; /* the run stops */
}

void sim_socket_post_read(struct sim_relay *relay, nsec now, struct sim_link *link) {
    struct sim_socket *socket = link->socket;
    socket->is_held = socket->inbuf.wire >= READ_BYTES_MAX;
    if (socket->is_read_posted || socket->is_held)
        return;
    socket->is_read_posted = true;
    sim_socket_post(relay, now, link, SIM_IN_SOCKET_READ);
}

/* From the main thread to the link's. */
static void tell_socket(struct sim_relay *relay, nsec now, const struct sim_link *link,
                        enum sim_input_kind kind) {
    wake(main_work(relay), &thread_of(relay, link)->is_woken);
    sim_socket_post(relay, now, link, kind);
}

void sim_socket_send(struct sim_relay *relay, nsec now, struct sim_link *link) {
    struct sim_socket *socket = link->socket;
    uint64_t plain = move_all(&link->out, &socket->outbuf);
    count_crossing(main_work(relay), &socket->plain_out, plain);
    if (socket->is_write_posted)
        return;
    socket->is_write_posted = true;
    tell_socket(relay, now, link, SIM_IN_SOCKET_WRITE);
}

void sim_socket_leave(struct sim_relay *relay, nsec now, struct sim_link *link) {
    link->socket->is_leaving = true;
    sim_link_leave_list(relay, link);
    main_work(relay)->controls_posted++;
    tell_socket(relay, now, link, SIM_IN_SOCKET_CLOSE);
}

void sim_socket_go_on(struct sim_relay *relay, nsec now, link_id id) {
    struct sim_link *link = sim_link_find(relay, id);
    if (!link || link->is_paused || link->is_hung_up)
        return;
    sim_socket_post_read(relay, now, link);
    if (!link->socket->is_read_posted)
        return;
    main_work(relay)->controls_posted++;
    wake(main_work(relay), &thread_of(relay, link)->is_woken);
}

uint32_t sim_socket_backlog(const struct sim_socket *socket) {
    return (uint32_t)(socket->outbuf.wire + socket->sealed.wire);
}

/* From the link's thread to the main thread. */
static void tell_manager(struct sim_relay *relay, nsec now, const struct sim_link *link,
                         enum sim_input_kind kind) {
    struct work *work = &thread_of(relay, link)->work;
    work->controls_posted++;
    wake(work, &relay->is_main_woken);
    sim_relay_post(&relay->stations[0], now, kind, link->id, NULL);
}

/* --- steps --------------------------------------------------------------------------------------------------------- */

static void seal(struct sim_socket *socket, struct sim_message *message) {
    if (!message)
        return;
    sim_train_add(&socket->sealed, message);
}

static void shake_hands(struct sim_relay *relay, struct sim_link *link, struct sim_message *flight) {
    bool is_done;
    seal(link->socket, sim_link_shake_hands(relay, link, flight, &is_done));
    sim_message_free(relay->host, flight);
    if (!is_done)
        return;
    link->socket->is_tls_done = true;
    thread_of(relay, link)->work.handshakes_link++;
}

static bool is_tls(const struct sim_message *message) {
    return message->kind == SIM_TLS_HELLO || message->kind == SIM_TLS_SERVER ||
           message->kind == SIM_TLS_FINISHED;
}

static void read_socket(struct sim_relay *relay, nsec now, struct sim_link *link) {
    struct sim_socket *socket = link->socket;
    struct tcp_message *next;
    uint64_t plain = 0, records = 0;
    socket->is_read_posted = false;
    while (plain < READ_BYTES_MAX && link->tcp && !link->is_paused && !link->is_hung_up &&
           (next = tcp_read(link->tcp, now))) {
        struct sim_message *message = sim_message_of(next);
        if (is_tls(message)) {
            shake_hands(relay, link, message);
            continue;
        }
        plain += message->plain;
        records++;
        sim_train_add(&socket->opened, message);
    }
    if (plain > 0)
        cost_behaviour_receive(relay->behaviour, (enum link_cipher)link->tls.cipher, records, plain,
                               &thread_of(relay, link)->work);
}

/* No more in a step than what is read in one, so that others have their turn. */
static void write_socket(struct sim_relay *relay, struct sim_link *link) {
    struct sim_socket *socket = link->socket;
    struct sim_message *message;
    uint64_t plain = 0, records = 0;
    socket->is_write_posted = false;
    while (plain < READ_BYTES_MAX && (message = sim_train_shift(&socket->outbuf))) {
        plain += message->plain;
        records++;
        sim_train_add(&socket->sealed, message);
    }
    if (plain > 0)
        cost_behaviour_send(relay->behaviour, (enum link_cipher)link->tls.cipher, records, plain,
                            &thread_of(relay, link)->work);
}

static void connected(struct sim_relay *relay, struct sim_link *link) {
    if (!link->tcp || link->is_hung_up)
        return;
    link->phase = SIM_LINK_TLS;
    seal(link->socket, sim_tls_hello(&link->tls, relay->host, relay->cpu->cipher));
}

static void close_socket(struct sim_relay *relay, struct sim_link *link) {
    while (link->socket->outbuf.first)
        write_socket(relay, link);
    link->socket->is_closing = true;
}

static void handle(struct sim_relay *relay, nsec now, struct sim_link *link, enum sim_input_kind kind) {
    switch (kind) {
    case SIM_IN_SOCKET_CONNECTED: connected(relay, link); return;
    case SIM_IN_SOCKET_READ: read_socket(relay, now, link); return;
    case SIM_IN_SOCKET_WRITE: write_socket(relay, link); return;
    case SIM_IN_SOCKET_CLOSED: link->socket->is_closed = true; return;
    case SIM_IN_SOCKET_CLOSE: close_socket(relay, link); return;
    case SIM_IN_ACCEPT:
    case SIM_IN_ACCEPT_FAILED:
    case SIM_IN_LINK_CONNECTED:
    case SIM_IN_LINK_OPENED:
    case SIM_IN_LINK_READ:
    case SIM_IN_LINK_CLOSED:
    case SIM_IN_LINK_WRITE:
    case SIM_IN_LINK_RELEASE:
    case SIM_IN_DRAIN:
    case SIM_IN_SCHEDULE:
    case SIM_IN_TICK:
    case SIM_IN_JOB:
    case SIM_IN_JOB_DONE:
    case SIM_IN_KERNEL:
    case SIM_IN_EDGE_CONNECTED:
    case SIM_IN_EDGE_READ:
    case SIM_IN_EDGE_WRITABLE:
    case SIM_IN_EDGE_CLOSED: CHECK(!"for a thread with a manager");
    }
}

static nsec price_of(struct sim_relay *relay, nsec now, uint16_t number, link_id link) {
    struct sim_socket_thread *thread = &relay->socket_threads[number - 1];
    struct work delta;
    if (!relay->cpu->prices)
        return 0;
    work_since(&delta, &thread->work, &thread->priced);
    thread->priced = thread->work;
    const struct working_set set = manager_working_set(relay->stations[0].manager, now);
    return sim_relay_charge(relay, now, number, link, &delta, &set);
}

nsec sim_socket_step(struct sim_relay *relay, nsec now, uint16_t number, const struct sim_input *input) {
    struct sim_socket_thread *thread = &relay->socket_threads[number - 1];
    struct sim_link *link = sim_link_find(relay, input->object);
    if (sim_threads_turns(&relay->threads, number)) {
        thread->work.loop_turns++;
        thread->is_woken = false;
    }
    if (link) {
        const struct sim_ask done = {.object = link->id, .kind = SIM_ASK_SOCKET_DONE};
        CHECK(link->socket->thread == number);
        handle(relay, now, link, (enum sim_input_kind)input->kind);
        sim_ask_add(relay, &relay->later[number], &done, NULL, 0);
    }
    return price_of(relay, now, number, input->object);
}

/* --- the end of a step --------------------------------------------------------------------------------------------- */

static void send_sealed(struct sim_relay *relay, nsec now, struct sim_link *link) {
    struct sim_socket *socket = link->socket;
    if (!socket->sealed.first)
        return;
    if (!link->tcp) {
        sim_train_free(relay->host, &socket->sealed);
        return;
    }
    sim_train_write(&socket->sealed, link->tcp);
    tcp_flush(link->tcp, now);
}

static void give_opened(struct sim_relay *relay, nsec now, struct sim_link *link) {
    struct sim_socket *socket = link->socket;
    if (!socket->opened.first)
        return;
    uint64_t plain = move_all(&socket->opened, &socket->inbuf);
    count_crossing(&thread_of(relay, link)->work, &socket->plain_in, plain);
    wake(&thread_of(relay, link)->work, &relay->is_main_woken);
    sim_link_post_intake(relay, now, link);
    if (plain >= READ_BYTES_MAX)
        sim_socket_post_read(relay, now, link); /* there may be more */
}

void sim_socket_done(struct sim_relay *relay, nsec now, link_id id) {
    struct sim_link *link = sim_link_find(relay, id);
    if (!link)
        return;
    struct sim_socket *socket = link->socket;
    if (socket->is_tls_done)
        tell_manager(relay, now, link, SIM_IN_LINK_OPENED);
    socket->is_tls_done = false;
    give_opened(relay, now, link);
    send_sealed(relay, now, link);
    if (socket->outbuf.first && !socket->is_write_posted) {
        socket->is_write_posted = true;
        sim_socket_post(relay, now, link, SIM_IN_SOCKET_WRITE);
    }
    if (socket->is_closed)
        tell_manager(relay, now, link, SIM_IN_LINK_CLOSED);
    socket->is_closed = false;
    if (!socket->is_closing)
        return;
    if (link->tcp)
        tcp_close(link->tcp, now);
    sim_link_free(relay, link);
}
