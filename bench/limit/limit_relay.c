#include "limit/limit_relay.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypt/provider.h"
#include "native/heap.h"

#define CACHE_LINE 64u

/* --- life -------------------------------------------------------------------------------------------------------- */

struct limit_relay *limit_relay_new(const struct crypt_provider *crypt, uint32_t ways, uint32_t circuits) {
    struct limit_relay *relay = heap_new(sizeof *relay);
    relay->crypt = crypt;
    relay->ways = ways;
    relay->circuit_count = circuits;
    relay->links = heap_new(2 * ways * sizeof *relay->links);
    relay->circuits = heap_new(circuits * sizeof *relay->circuits);
    relay->layer_stride = (crypt->layer_size[LAYER_TOR1] + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    relay->layers = aligned_alloc(CACHE_LINE, 2 * circuits * relay->layer_stride);
    CHECK(relay->layers);
    list_init(&relay->waiting);
    for (uint32_t i = 0; i < 2 * ways; i++)
        list_init(&relay->links[i].waiting);
    return relay;
}

static void *layer_of(const struct limit_relay *relay, uint32_t circuit, bool is_backward) {
    return relay->layers + (2 * (size_t)circuit + is_backward) * relay->layer_stride;
}

static void free_batches(struct limit_batch *batch) {
    while (batch) {
        struct limit_batch *next = batch->next;
        free(batch);
        batch = next;
    }
}

void limit_relay_free(struct limit_relay *relay) {
    for (uint32_t i = 0; i < relay->circuit_count; i++) {
        relay->crypt->layer_fini(layer_of(relay, i, false));
        relay->crypt->layer_fini(layer_of(relay, i, true));
    }
    for (uint32_t i = 0; i < 2 * relay->ways; i++) {
        limit_cipher_fini(&relay->links[i].opens);
        limit_cipher_fini(&relay->links[i].seals);
        free_batches(relay->links[i].first);
    }
    free_batches(relay->spare);
    free(relay->layers);
    free(relay->circuits);
    free(relay->links);
    free(relay);
}

void limit_relay_layer_keys(uint32_t circuit, bool is_backward, struct layer_keys *out) {
    *out = (struct layer_keys){.kind = LAYER_TOR1};
    store_u32(out->cipher, circuit);
    out->cipher[4] = is_backward;
}

void limit_relay_circuit(struct limit_relay *relay, uint32_t circuit, uint32_t way_in, uint32_t way_out) {
    struct layer_keys keys;
    CHECK(circuit < relay->circuit_count);
    relay->circuits[circuit] = (struct limit_circuit){way_in, relay->ways + way_out};
    limit_relay_layer_keys(circuit, false, &keys);
    relay->crypt->layer_init(layer_of(relay, circuit, false), LAYER_RELAY_FORWARD, &keys);
    limit_relay_layer_keys(circuit, true, &keys);
    relay->crypt->layer_init(layer_of(relay, circuit, true), LAYER_RELAY_BACKWARD, &keys);
}

/* --- cells ------------------------------------------------------------------------------------------------------- */

static struct limit_batch *batch_new(struct limit_relay *relay) {
    struct limit_batch *batch = relay->spare;
    if (batch)
        relay->spare = batch->next;
    else
        batch = malloc(sizeof *batch);
    CHECK(batch);
    batch->next = NULL;
    batch->cells = 0;
    return batch;
}

/* Where the next cell of a link goes. */
static uint8_t *gather(struct limit_relay *relay, struct limit_link *link) {
    if (!link->last || link->last->cells == LIMIT_RECORD_CELLS) {
        struct limit_batch *batch = batch_new(relay);
        if (link->last)
            link->last->next = batch;
        else
            link->first = batch;
        link->last = batch;
        if (!list_is_linked(&link->waiting))
            list_append(&relay->waiting, &link->waiting);
    }
    return link->last->plain + link->last->cells++ * CELL_LEN;
}

/* Cells of one circuit in a row. */
static uint32_t run_length(const uint8_t *cells, uint32_t n) {
    uint32_t length = 1;
    while (length < n && memcmp(cells, cells + length * CELL_LEN, 4) == 0)
        length++;
    return length;
}

static void take_run(struct limit_relay *relay, uint32_t circuit, bool is_backward, const uint8_t *cells,
                     uint32_t n) {
    struct crypt_cell run[LIMIT_OPENED_RECORDS * LIMIT_RECORD_CELLS];
    const struct limit_circuit *c = &relay->circuits[circuit];
    struct limit_link *to = &relay->links[is_backward ? c->way_in : c->way_out];
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *from = cells + i * CELL_LEN;
        uint8_t *cell = gather(relay, to);
        memcpy(cell, from, CELL_HEADER_LEN);
        run[i] = (struct crypt_cell){from + CELL_HEADER_LEN, cell + CELL_HEADER_LEN, from[4], false};
    }
    relay->crypt->layer_crypt(layer_of(relay, circuit, is_backward), run, n, &relay->work);
}

static void fetch(const struct limit_relay *relay, bool is_backward, const uint8_t *cells, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        uint32_t circuit = load_u32(cells + i * CELL_LEN) - 1;
        if (circuit < relay->circuit_count)
            relay->crypt->layer_prefetch(layer_of(relay, circuit, is_backward));
    }
}

static bool take_cells(struct limit_relay *relay, uint32_t link, const uint8_t *cells, uint32_t n) {
    bool is_backward = link >= relay->ways;
    fetch(relay, is_backward, cells, n);
    for (uint32_t i = 0, length; i < n; i += length) {
        const uint8_t *cell = cells + i * CELL_LEN;
        uint32_t circuit = load_u32(cell) - 1;
        if (circuit >= relay->circuit_count || cell[4] != CELL_RELAY)
            return false;
        length = run_length(cell, n - i);
        take_run(relay, circuit, is_backward, cell, length);
    }
    return true;
}

size_t limit_relay_receive(struct limit_relay *relay, uint32_t number, const uint8_t *bytes, size_t length) {
    struct limit_link *link = &relay->links[number];
    size_t used = 0;
    for (bool is_all = false; !is_all;) {
        size_t opened = 0;
        for (unsigned i = 0; i < LIMIT_OPENED_RECORDS && !is_all; i++) {
            size_t record = limit_record_length(bytes + used, length - used), plain;
            is_all = record == 0 || record > length - used;
            if (is_all)
                break;
            if (!limit_record_open(&link->opens, bytes + used, record, relay->opened + opened, &plain) ||
                plain % CELL_LEN != 0) /* the generator's records hold whole cells */
                return SIZE_MAX;
            opened += plain;
            used += record;
            relay->records_in++;
        }
        if (!take_cells(relay, number, relay->opened, (uint32_t)(opened / CELL_LEN)))
            return SIZE_MAX;
    }
    return used;
}

/* --- sending ----------------------------------------------------------------------------------------------------- */

static struct limit_batch *take_first(struct limit_link *link) {
    struct limit_batch *batch = link->first;
    link->first = batch->next;
    if (!link->first)
        link->last = NULL;
    return batch;
}

static void send_some(struct limit_relay *relay, uint32_t number) {
    struct limit_link *link = &relay->links[number];
    const struct limit_output *output = relay->output;
    size_t length = 0;
    unsigned records = 0;
    for (const struct limit_batch *b = link->first; b && records < LIMIT_SEND_RECORDS; b = b->next, records++)
        length += b->cells * CELL_LEN + LIMIT_RECORD_ADDED;
    uint8_t *out = output->reserve(output->context, number, length), *next = out;
    for (unsigned i = 0; i < records; i++) {
        struct limit_batch *batch = take_first(link);
        next += limit_record_seal(&link->seals, batch->plain, batch->cells * CELL_LEN, next);
        batch->next = relay->spare;
        relay->spare = batch;
    }
    atomic_store_explicit(&relay->records_out,
                          atomic_load_explicit(&relay->records_out, memory_order_relaxed) + records,
                          memory_order_relaxed);
    output->commit(output->context, number, length);
}

void limit_relay_flush(struct limit_relay *relay) {
    struct list *next;
    for (struct list *node = relay->waiting.next; node != &relay->waiting; node = next) {
        struct limit_link *link = LIST_ENTRY(node, struct limit_link, waiting);
        uint32_t number = (uint32_t)(link - relay->links);
        next = node->next;
        while (link->first && relay->output->can_write(relay->output->context, number))
            send_some(relay, number);
        if (!link->first)
            list_remove(&link->waiting);
    }
}
