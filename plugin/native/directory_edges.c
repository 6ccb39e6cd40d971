#include "native/directory_edges.h"

#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "native/archive.h"
#include "native/compression.h"
#include "native/directory_session.h"
#include "native/document.h"
#include "native/heap.h"
#include "native/turn_clock.h"

#define SPANS_MAX 16u

struct directory_edge {
    struct directory_edges *edges;
    edge_id id;
    struct directory_session session;
    struct list change_node, age_node;
    nsec moved_at;
    size_t bytes; /* of edges->bytes */
    bool is_begun, is_closed;
    bool has_input; /* the manager has bytes of the client */
    bool may_send;  /* the manager takes bytes for it */
};

/* --- life ------------------------------------------------------------------------------------------------------- */

void directory_edges_init(struct directory_edges *edges, struct turn_clock *clock,
                          const struct task_queue *tasks, struct onion_store *onions, uint64_t seed) {
    *edges = (struct directory_edges){.clock = clock, .tasks = *tasks, .onions = onions};
    table_init(&edges->by_id, &heap_memory, seed);
    list_init(&edges->changed);
    list_init(&edges->by_age);
}

void directory_edges_bind(struct directory_edges *edges, struct manager *manager) {
    edges->manager = manager;
}

static void count_bytes(struct directory_edge *edge, size_t bytes) {
    edge->edges->bytes += bytes - edge->bytes;
    edge->bytes = bytes;
}

static void note_bytes(struct directory_edge *edge) {
    const struct directory_session *s = &edge->session;
    size_t packed = s->packed != NULL ? s->packed->length : 0;
    size_t unpacking = s->unpacking != NULL ? UNPACKING_MEMORY : 0;
    count_bytes(edge, unpacking + s->request_room + s->answer.room * sizeof(struct document *) + packed);
}

static void edge_free(struct directory_edge *edge) {
    count_bytes(edge, 0);
    (void)table_remove(&edge->edges->by_id, edge->id);
    list_remove(&edge->change_node);
    list_remove(&edge->age_node);
    directory_session_fini(&edge->session);
    free(edge);
}

void directory_edges_fini(struct directory_edges *edges) {
    while (!list_is_empty(&edges->by_age))
        edge_free(LIST_ENTRY(edges->by_age.next, struct directory_edge, age_node));
    table_fini(&edges->by_id);
    archive_drop(edges->archive);
}

void directory_edges_set_archive(struct directory_edges *edges, struct archive *archive) {
    archive_drop(edges->archive);
    edges->archive = archive;
}

/* --- what the port is asked for --------------------------------------------------------------------------------- */

static void note_change(struct directory_edge *edge) {
    list_remove(&edge->change_node);
    list_append(&edge->edges->changed, &edge->change_node);
}

static void note_move(struct directory_edge *edge, nsec now) {
    edge->moved_at = now;
    list_remove(&edge->age_node);
    list_append(&edge->edges->by_age, &edge->age_node);
}

void directory_edges_open(struct directory_edges *edges, edge_id id, const struct begin_message *to) {
    struct directory_edge *edge = heap_new(sizeof *edge);
    edge->edges = edges;
    edge->id = id;
    edge->may_send = true;
    directory_session_init(&edge->session, &to->previous, to->is_previous_relay, edges->onions);
    edge->session.may_pack = edges->tasks.submit != NULL;
    list_init(&edge->change_node);
    list_init(&edge->age_node);
    CHECK(table_set(&edges->by_id, id, edge) == ERR_OK);
    note_move(edge, turn_clock_now(edges->clock));
    note_change(edge);
}

static struct directory_edge *find_open(struct directory_edges *edges, edge_id id) {
    struct directory_edge *edge = table_get(&edges->by_id, id);
    if (edge == NULL || edge->is_closed)
        return NULL;
    note_change(edge);
    return edge;
}

void directory_edges_want_write(struct directory_edges *edges, edge_id id) {
    struct directory_edge *edge = find_open(edges, id);
    if (edge != NULL)
        edge->has_input = true;
}

void directory_edges_want_read(struct directory_edges *edges, edge_id id, bool on) {
    struct directory_edge *edge = find_open(edges, id);
    if (edge != NULL)
        edge->may_send = on;
}

void directory_edges_close(struct directory_edges *edges, edge_id id) {
    struct directory_edge *edge = find_open(edges, id);
    if (edge != NULL)
        edge->is_closed = true;
}

/* --- packing ---------------------------------------------------------------------------------------------------- */

struct edge_packing {
    struct task task;
    struct directory_edges *edges;
    edge_id id; /* never used again, so that a late result finds nobody */
    struct directory_packing packing;
    struct document *packed;
};

static void run_packing(struct task *task) {
    struct edge_packing *p = LIST_ENTRY(task, struct edge_packing, task);
    p->packed = directory_packing_run(&p->packing);
}

static void finish_packing(struct task *task, bool is_done) {
    struct edge_packing *p = LIST_ENTRY(task, struct edge_packing, task);
    struct directory_edge *edge = is_done ? find_open(p->edges, p->id) : NULL;
    if (edge != NULL) {
        directory_session_packed(&edge->session, (uint64_t)time(NULL), &p->packing, p->packed);
        note_bytes(edge);
    } else {
        directory_packing_fini(&p->packing);
        document_drop(p->packed);
    }
    free(p);
}

/* When the workers have too much to do, the answer goes out as it is. */
static void begin_packing(struct directory_edge *edge) {
    struct directory_edges *edges = edge->edges;
    struct edge_packing *p = heap_new(sizeof *p);
    p->task = (struct task){NULL, run_packing, finish_packing};
    p->edges = edges;
    p->id = edge->id;
    directory_session_give_parts(&edge->session, &p->packing);
    if (!edges->tasks.submit(edges->tasks.context, &p->task))
        finish_packing(&p->task, true);
}

/* --- bytes ------------------------------------------------------------------------------------------------------ */

/* End the edge and tell the manager why. */
static void edge_end(struct directory_edge *edge, uint8_t reason) {
    struct directory_edges *edges = edge->edges;
    edge_id id = edge->id;
    bool is_known = !edge->is_closed;
    edge_free(edge);
    if (is_known)
        manager_edge_closed(edges->manager, turn_clock_now(edges->clock), id, reason);
}

static void count_answer(struct directory_edge *edge) {
    struct directory_figures *figures = &edge->edges->figures;
    figures->requests++;
    figures->refused += edge->session.answer.status != 200;
    figures->diffs += edge->session.answer.is_diff;
}

/* The manager's spans are valid until it is told that they were taken. */
static void take_input(struct directory_edge *edge) {
    struct directory_edges *edges = edge->edges;
    struct span spans[SPANS_MAX];
    uint32_t count;
    edge->has_input = false;
    while (!edge->is_closed && (count = manager_edge_take(edges->manager, edge->id, spans, SPANS_MAX)) > 0) {
        bool was_asking = edge->session.state == SESSION_ASKING;
        size_t total = 0;
        for (uint32_t i = 0; i < count; i++) {
            directory_session_receive(&edge->session, edges->archive, (uint64_t)time(NULL), spans[i].data,
                                      spans[i].length);
            total += spans[i].length;
        }
        if (was_asking && edge->session.state != SESSION_ASKING)
            count_answer(edge);
        if (edge->session.state == SESSION_PACKING && edge->session.archive != NULL)
            begin_packing(edge);
        note_bytes(edge);
        note_move(edge, turn_clock_now(edges->clock));
        manager_edge_wrote(edges->manager, turn_clock_now(edges->clock), edge->id, total);
    }
}

/* As much as the manager takes. */
static void give_output(struct directory_edge *edge) {
    struct directory_edges *edges = edge->edges;
    struct span next;
    while (!edge->is_closed && edge->may_send &&
           (next = directory_session_output(&edge->session)).length > 0) {
        size_t room = manager_edge_room(edges->manager, edge->id);
        size_t length = next.length < room ? next.length : room;
        if (length == 0) {
            edge->may_send = false; /* until the port asks for it again */
            return;
        }
        nsec now = turn_clock_now(edges->clock);
        manager_edge_receive(edges->manager, now, edge->id, next.data, length);
        directory_session_sent(&edge->session, length);
        edges->figures.bytes += length;
        note_move(edge, now);
    }
}

static void edge_begin(struct directory_edge *edge) {
    static const struct address nowhere; /* CONNECTED of a directory stream says none */
    struct directory_edges *edges = edge->edges;
    edge->is_begun = true;
    manager_edge_connected(edges->manager, turn_clock_now(edges->clock), edge->id, &nowhere);
}

static void edge_carry_out(struct directory_edge *edge) {
    if (edge->is_closed) {
        edge_free(edge);
        return;
    }
    if (!edge->is_begun) {
        edge_begin(edge); /* what the client has said already is asked for by then */
        return;
    }
    if (edge->has_input)
        take_input(edge);
    give_output(edge);
    if (edge->session.state == SESSION_OVER && !edge->is_closed)
        edge_end(edge, END_DONE);
}

static struct directory_edge *oldest(const struct directory_edges *edges) {
    return list_is_empty(&edges->by_age) ? NULL
                                         : LIST_ENTRY(edges->by_age.next, struct directory_edge, age_node);
}

/* Who would hold all places, or much memory, and let nothing move, makes room first. */
static void keep_bounds(struct directory_edges *edges) {
    while (edges->by_id.count > DIRECTORY_STREAMS_MAX || edges->bytes > DIRECTORY_BYTES_MAX)
        edge_end(oldest(edges), END_RESOURCELIMIT);
}

bool directory_edges_carry_out(struct directory_edges *edges) {
    bool is_something_done = false;
    for (struct list *node; (node = list_take_first(&edges->changed)) != NULL;) {
        edge_carry_out(LIST_ENTRY(node, struct directory_edge, change_node));
        keep_bounds(edges);
        is_something_done = true;
    }
    return is_something_done;
}

/* --- time ------------------------------------------------------------------------------------------------------- */

nsec directory_edges_next_wake(const struct directory_edges *edges) {
    const struct directory_edge *edge = oldest(edges);
    if (!list_is_empty(&edges->changed))
        return 0;
    return edge == NULL ? NSEC_NEVER : edge->moved_at + DIRECTORY_IDLE_NS;
}

void directory_edges_tick(struct directory_edges *edges, nsec now) {
    struct directory_edge *edge;
    while ((edge = oldest(edges)) != NULL && edge->moved_at + DIRECTORY_IDLE_NS <= now)
        edge_end(edge, END_TIMEOUT);
}
