#include "sim/sim_message.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"
#include "crypt/symbolic_short.h"
#include "wire/relay_cell.h"

/* A cell in a content: circuit id 4, command 1, length of what follows 2. */
#define HEAD_LEN 7u

static_assert(SIM_CONTENT_MAX >= HEAD_LEN + RELAY_HEADER_LEN, "the head of a V0 data cell lies in one piece");

/* --- messages ---------------------------------------------------------------------------------------------------- */

static struct sim_message *piece(struct host *host, enum sim_message_kind kind) {
    struct sim_message *message = host_take(host);
    if (message)
        *message = (struct sim_message){.kind = (uint8_t)kind};
    return message;
}

/* Put bytes at the end of the content, in more objects if need be; returns the last one, NULL without memory. */
static struct sim_message *append(struct host *host, struct sim_message *part, const uint8_t *bytes,
                                  size_t length) {
    while (length > 0) {
        size_t room = SIM_CONTENT_MAX - part->used;
        if (room == 0) {
            part->more = piece(host, part->kind);
            if (!part->more)
                return NULL;
            part = part->more;
            continue;
        }
        size_t now = length < room ? length : room;
        memcpy(part->content + part->used, bytes, now);
        part->used = (uint16_t)(part->used + now);
        bytes += now;
        length -= now;
    }
    return part;
}

struct sim_message *sim_message_new(struct host *host, enum sim_message_kind kind, uint32_t plain,
                                    struct span content) {
    CHECK(plain > 0);
    struct sim_message *message = piece(host, kind);
    if (!message)
        return NULL;
    message->plain = plain;
    message->tcp.length = plain + (kind == SIM_RAW ? 0 : SIM_RECORD_OVERHEAD);
    if (append(host, message, content.data, content.length))
        return message;
    sim_message_free(host, message);
    return NULL;
}

void sim_message_free(struct host *host, struct sim_message *message) {
    while (message) {
        struct sim_message *more = message->more;
        host_put(host, message);
        message = more;
    }
}

size_t sim_message_content(const struct sim_message *message, uint8_t *out, size_t room) {
    size_t length = 0;
    for (; message && length < room; message = message->more) {
        size_t now = message->used < room - length ? message->used : room - length;
        memcpy(out + length, message->content, now);
        length += now;
    }
    return length;
}

/* --- trains ------------------------------------------------------------------------------------------------------ */

static struct sim_message *next_of(const struct sim_message *message) {
    return message->tcp.next ? sim_message_of(message->tcp.next) : NULL;
}

void sim_train_add(struct sim_train *train, struct sim_message *message) {
    message->tcp.next = NULL;
    if (train->last)
        train->last->tcp.next = &message->tcp;
    else
        train->first = message;
    train->last = message;
    train->wire += message->tcp.length;
}

struct sim_message *sim_train_shift(struct sim_train *train) {
    struct sim_message *message = train->first;
    if (!message)
        return NULL;
    train->first = next_of(message);
    if (!train->first)
        train->last = NULL;
    train->wire -= message->tcp.length;
    return message;
}

void sim_train_free(struct host *host, struct sim_train *train) {
    struct sim_message *message;
    while ((message = sim_train_shift(train)))
        sim_message_free(host, message);
}

void sim_train_write(struct sim_train *train, struct tcp *tcp) {
    struct sim_message *message;
    while ((message = sim_train_shift(train)))
        tcp_write(tcp, &message->tcp);
}

/* --- bursts of cells --------------------------------------------------------------------------------------------- */

void sim_burst_begin(struct sim_burst *burst, struct host *host, struct sim_train *train,
                     uint32_t record_max) {
    CHECK(record_max >= CELL_LEN);
    *burst =
        (struct sim_burst){.host = host, .train = train, .record_end = record_max, .record_max = record_max};
}

/* plain: of the record that is finished. */
static void finish_record(struct sim_burst *burst, uint64_t plain) {
    struct sim_message *record = burst->record;
    record->plain = (uint32_t)plain;
    record->tcp.length = (uint32_t)plain + SIM_RECORD_OVERHEAD;
    sim_train_add(burst->train, record);
    burst->record = NULL;
}

/* How much of a body is not zeros. Bodies of data are nothing but their header, mostly. */
static size_t kept_of(const uint8_t *body) {
    static const uint8_t zeros[CELL_BODY_LEN];
    const size_t longest = RELAY_V1_HEADER_LEN; /* of the headers of both formats */
    size_t length = symbolic_is_short(body) ? SYMBOLIC_SHORT_LEN : CELL_BODY_LEN;
    if (memcmp(body + longest, zeros, length - longest) == 0) {
        const size_t v0 = RELAY_HEADER_LEN;
        if (memcmp(body + v0, zeros, longest - v0) == 0)
            return v0;
        length = longest;
    }
    while (length > 0 && body[length - 1] == 0)
        length--;
    return length;
}

static bool add_cell(struct sim_burst *burst, const struct cell *cell) {
    size_t kept = kept_of(cell->body);
    uint8_t head[HEAD_LEN];
    store_u32(head, cell->circ_id);
    head[4] = cell->command;
    store_u16(head + 5, (uint16_t)kept);
    struct sim_message *part = burst->part;
    if (HEAD_LEN + RELAY_HEADER_LEN > SIM_CONTENT_MAX - part->used) {
        part->more = piece(burst->host, SIM_LINK_CELLS);
        if (!part->more)
            return false;
        part = part->more;
    }
    memcpy(part->content + part->used, head, HEAD_LEN);
    part->used = (uint16_t)(part->used + HEAD_LEN);
    burst->part = append(burst->host, part, cell->body, kept);
    return burst->part != NULL;
}

bool sim_burst_add(struct sim_burst *burst, struct cell *const *cells, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        burst->plain += CELL_LEN;
        if (burst->record && burst->plain > burst->record_end) {
            finish_record(burst, burst->record_max);
            burst->record_end += burst->record_max;
        }
        if (!burst->record)
            burst->record = burst->part = piece(burst->host, SIM_LINK_CELLS);
        if (!burst->record || !add_cell(burst, cells[i])) {
            burst->record = NULL;
            return false;
        }
    }
    return true;
}

uint64_t sim_burst_end(struct sim_burst *burst) {
    if (burst->record)
        finish_record(burst, burst->plain - (burst->record_end - burst->record_max));
    return burst->plain;
}

bool sim_cells_write(struct host *host, struct tcp *tcp, struct cell *const *cells, uint32_t n,
                     uint32_t record_max) {
    struct sim_train train = {0};
    struct sim_burst burst;
    sim_burst_begin(&burst, host, &train, record_max);
    bool fine = sim_burst_add(&burst, cells, n);
    sim_burst_end(&burst);
    sim_train_write(&train, tcp);
    return fine;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

void sim_reader_init(struct sim_reader *reader, const struct sim_message *message) {
    CHECK(message->kind == SIM_LINK_CELLS);
    *reader = (struct sim_reader){.part = message};
}

/* Move to the next piece when this one is used up; false at the end. */
static bool reader_step(struct sim_reader *reader) {
    while (reader->part && reader->offset == reader->part->used) {
        reader->part = reader->part->more;
        reader->offset = 0;
    }
    return reader->part != NULL;
}

static void reader_take(struct sim_reader *reader, uint8_t *out, size_t length) {
    while (length > 0) {
        CHECK(reader_step(reader));
        size_t here = reader->part->used - reader->offset;
        size_t now = length < here ? length : here;
        memcpy(out, reader->part->content + reader->offset, now);
        reader->offset = (uint16_t)(reader->offset + now);
        out += now;
        length -= now;
    }
}

static void finish_body(uint8_t *body, size_t kept, uint8_t command) {
    bool is_short = kept <= SYMBOLIC_SHORT_LEN && (command == CELL_RELAY || command == CELL_RELAY_EARLY);
    memset(body + kept, 0, (is_short ? SYMBOLIC_SHORT_LEN : CELL_BODY_LEN) - kept);
    if (is_short)
        symbolic_shorten(body);
}

uint32_t sim_reader_cells(struct sim_reader *reader, struct cell_view *views_out,
                          uint8_t (*bodies)[CELL_BODY_LEN + 3], uint32_t max) {
    uint32_t n = 0;
    for (; n < max && reader_step(reader); n++) {
        const uint8_t *head = reader->part->content + reader->offset;
        size_t kept = load_u16(head + 5);
        views_out[n] = (struct cell_view){
            .circ_id = load_u32(head), .command = head[4], .length = CELL_BODY_LEN, .body = bodies[n]};
        reader->offset = (uint16_t)(reader->offset + HEAD_LEN);
        reader_take(reader, bodies[n], kept);
        finish_body(bodies[n], kept, views_out[n].command);
    }
    return n;
}
