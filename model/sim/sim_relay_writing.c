/* What links of a simulated relay write: link handshakes, scheduling runs, and cells cut into records. */
#include "base/check.h"
#include "sim/sim_relay_state.h"

void sim_link_put(struct sim_station *station, struct sim_link *link, struct sim_message *message) {
    if (!message)
        return;
    sim_train_add(&link->out, message);
    if (!link->is_send_asked)
        sim_ask_later(station, SIM_ASK_LINK_SEND, link->id);
    link->is_send_asked = true;
}

/* A link with a socket apart: the thread of that counts it. */
static void count_sent(struct sim_station *station, const struct sim_link *link, uint64_t plain) {
    const struct cost_behaviour *behaviour = station->relay->behaviour;
    if (!link->socket)
        cost_behaviour_send(behaviour, (enum link_cipher)link->tls.cipher,
                            cost_behaviour_records(behaviour, plain), plain,
                            manager_work_mutable(station->manager));
}

static nsec interval_of(const struct sim_station *station) {
    return (nsec)station->relay->world->consensus->params.kist_run_interval_ms * NSEC_PER_MS;
}

void sim_links_wake(struct sim_station *station, nsec now) {
    if (!station->is_asleep)
        return;
    station->is_asleep = false;
    station->scheduled_at += (now - station->scheduled_at) / interval_of(station) * interval_of(station);
}

/* A relay that looks free of charge need not look at links again before TCP has room for one of them: until then each of its
 * scheduling runs, one an interval, would find nothing. */
static void sleep_while_full(struct sim_station *station, nsec now, uint32_t n) {
    struct sim_relay *relay = station->relay;
    if (!relay->looks_free || !relay->behaviour->waits_interval || interval_of(station) == 0 ||
        manager_schedule_at(station->manager) > now + interval_of(station))
        return;
    for (uint32_t i = 0; i < n; i++)
        if (!relay->grants[i].waits || relay->grants[i].cells > 0 || kist_limit(&relay->facts[i]) >= CELL_LEN)
            return;
    for (struct list *entry = station->wanting.next; entry != &station->wanting; entry = entry->next) {
        struct sim_link *link = LIST_ENTRY(entry, struct sim_link, wanting);
        if (link->tcp)
            tcp_want_window(link->tcp, CELL_LEN);
    }
    station->is_asleep = true;
}

void sim_link_want_write(struct sim_station *station, link_id id) {
    struct sim_link *link = sim_link_find(station->relay, id);
    if (!link || !link->tcp || link->is_hung_up)
        return;
    struct span output = manager_handshake_output(station->manager, id);
    if (output.length > 0) {
        CHECK(output.length <= SIM_BYTES_MAX);
        sim_link_put(station, link,
                     sim_message_new(station->relay->host, SIM_LINK_BYTES, (uint32_t)output.length, output));
        count_sent(station, link, output.length);
        manager_handshake_written(station->manager, id, output.length);
    }
    if (list_is_linked(&link->wanting))
        return;
    sim_links_wake(station, host_now(station->relay->host));
    list_append(&station->wanting, &link->wanting);
    station->wanting_count++;
}

/* One burst of up to max cells, cut into records. Returns how many it has. */
static uint32_t write_burst(struct sim_station *station, nsec now, struct sim_link *link, uint32_t max) {
    const struct sim_relay *relay = station->relay;
    struct cell *cells[CELLS_PER_RECORD];
    struct sim_burst burst;
    uint32_t written = 0, n;
    sim_burst_begin(&burst, relay->host, &link->out, relay->behaviour->record_bytes_max);
    do {
        uint32_t wanted = max - written < CELLS_PER_RECORD ? max - written : CELLS_PER_RECORD;
        n = manager_take(station->manager, now, link->id, cells, wanted);
        (void)!sim_burst_add(&burst, cells, n); /* without memory the run stops */
        manager_release(station->manager, cells, n);
        written += n;
    } while (n > 0 && written < max);
    count_sent(station, link, sim_burst_end(&burst));
    return written;
}

void sim_link_write(struct sim_station *station, nsec now, link_id id) {
    struct sim_relay *relay = station->relay;
    struct sim_link *link = sim_link_find(relay, id);
    uint32_t piece = relay->behaviour->write_cells_max, written = 0, n;
    uint32_t flush = cost_behaviour_flush_cells(relay->behaviour, station->granted_count);
    if (!link || link->is_moving || link->station != station->id)
        return;
    if (flush == 0)
        flush = piece;
    do
        written += n = write_burst(station, now, link, flush);
    while (n == flush && written < piece);
    if (written == 0)
        return;
    if (!link->is_send_asked)
        sim_ask_later(station, SIM_ASK_LINK_SEND, link->id);
    link->is_send_asked = true;
    if (n == flush)
        sim_relay_post_rest(station, now, SIM_IN_LINK_WRITE, id);
}

static bool reserve_facts(struct sim_relay *relay, uint32_t n) {
    const struct memory *memory = host_memory(relay->host);
    if (n <= relay->facts_room)
        return true;
    uint32_t room = relay->facts_room ? 2 * relay->facts_room : 16;
    while (room < n)
        room *= 2;
    memory_release(memory, relay->facts, relay->facts_room * sizeof(*relay->facts));
    memory_release(memory, relay->grants, relay->facts_room * sizeof(*relay->grants));
    relay->facts = memory_allocate(memory, room * sizeof(*relay->facts));
    relay->grants = memory_allocate(memory, room * sizeof(*relay->grants));
    relay->facts_room = relay->facts && relay->grants ? room : 0;
    if (relay->facts_room)
        return true;
    memory_release(memory, relay->facts, room * sizeof(*relay->facts));
    memory_release(memory, relay->grants, room * sizeof(*relay->grants));
    relay->facts = NULL;
    relay->grants = NULL;
    host_fail(relay->host);
    return false;
}

static struct tcp_facts facts_of(const struct sim_link *link) {
    struct tcp_facts facts = {.link = link->id};
    if (!link->tcp)
        return facts;
    struct tcp_state state = tcp_state(link->tcp);
    facts.cwnd = state.cwnd;
    facts.unacked = state.unacked;
    facts.mss = state.mss;
    facts.notsent = state.notsent;
    if (link->socket)
        facts.notsent += sim_socket_backlog(link->socket);
    return facts;
}

static void carry_out_grants(struct sim_station *station, nsec now, uint32_t n) {
    struct sim_relay *relay = station->relay;
    station->granted_count = 0;
    for (uint32_t i = n; i > 0; i--) {
        const struct grant *grant = &relay->grants[i - 1];
        if (!grant->waits)
            sim_link_leave_list(relay, sim_link_find(relay, grant->link));
        if (grant->cells == 0)
            continue;
        station->granted_count++;
        /* in their order, before anything else */
        sim_relay_post_rest(station, now, SIM_IN_LINK_WRITE, grant->link);
    }
}

void sim_links_schedule(struct sim_station *station, nsec now) {
    struct sim_relay *relay = station->relay;
    uint32_t n = 0;
    if (!reserve_facts(relay, station->wanting_count))
        return; /* the world ends; to try again at once, for ever, would keep it from doing so */
    station->is_schedule_posted = false;
    if (station->wanting_count == 0)
        return;
    for (struct list *entry = station->wanting.next; entry != &station->wanting; entry = entry->next)
        relay->facts[n++] = facts_of(LIST_ENTRY(entry, struct sim_link, wanting));
    CHECK(n == station->wanting_count);
    station->scheduled_at = now;
    n = manager_schedule(station->manager, now, relay->facts, n, relay->grants);
    carry_out_grants(station, now, n);
    if (n > 0 && n == station->wanting_count)
        sleep_while_full(station, now, n);
}

void sim_links_write_ripe(struct sim_station *station, nsec now) {
    link_id id;
    if (!station->manager || !station->relay->behaviour->writes_between)
        return;
    while ((id = manager_next_ripe(station->manager)) != 0) {
        struct sim_link *link = sim_link_find(station->relay, id);
        if (!link || !link->tcp || link->is_hung_up || link->is_moving)
            continue;
        const struct tcp_facts facts = facts_of(link);
        if (manager_schedule_ripe(station->manager, now, &facts) == 0)
            continue;
        sim_link_leave_list(station->relay, link);
        sim_relay_post_rest(station, now, SIM_IN_LINK_WRITE, id);
    }
}

void sim_link_send(struct sim_station *station, nsec now, link_id id) {
    struct sim_relay *relay = station->relay;
    struct sim_link *link = sim_link_find(relay, id);
    if (!link)
        return;
    link->is_send_asked = false;
    if (!link->tcp) {
        sim_train_free(relay->host, &link->out);
        return;
    }
    if (link->socket) {
        sim_socket_send(relay, now, link);
        return;
    }
    sim_train_write(&link->out, link->tcp);
    tcp_flush(link->tcp, now);
}
