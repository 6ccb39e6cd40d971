#include "des/sent_runs.h"

#include "base/check.h"

void sent_runs_init(struct sent_runs *runs, uint32_t first) {
    *runs = (struct sent_runs){.room = SENT_RUNS_INLINE, .end = first};
}

void sent_runs_fini(struct sent_runs *runs, const struct memory *memory) {
    if (runs->ring)
        memory_release(memory, runs->ring, runs->room * sizeof(*runs->ring));
    sent_runs_init(runs, runs->end);
}

/* Run i of those that are remembered. */
static const struct sent_run *run_at(const struct sent_runs *runs, uint32_t i) {
    const struct sent_run *all = runs->ring ? runs->ring : runs->in_place;
    return &all[(runs->head + i) & (runs->room - 1)];
}

static struct sent_run *run_place(struct sent_runs *runs, uint32_t i) {
    struct sent_run *all = runs->ring ? runs->ring : runs->in_place;
    return &all[(runs->head + i) & (runs->room - 1)];
}

static uint32_t run_end(const struct sent_runs *runs, uint32_t i) {
    return i + 1 < runs->count ? run_at(runs, i + 1)->first : runs->end;
}

static enum err grow(struct sent_runs *runs, const struct memory *memory) {
    uint32_t room = 4 * runs->room;
    struct sent_run *ring = memory_allocate(memory, room * sizeof(*ring));
    if (!ring)
        return ERR_LIMIT;
    for (uint32_t i = 0; i < runs->count; i++)
        ring[i] = *run_at(runs, i);
    if (runs->ring)
        memory_release(memory, runs->ring, runs->room * sizeof(*ring));
    runs->ring = ring;
    runs->room = room;
    runs->head = 0;
    return ERR_OK;
}

enum err sent_runs_add(struct sent_runs *runs, const struct memory *memory, uint32_t count, uint64_t offset,
                       uint32_t last_size) {
    CHECK(count > 0);
    CHECK(last_size > 0 && last_size <= TCP_MSS);
    enum err e;
    struct sent_run *last = runs->count ? run_place(runs, runs->count - 1) : NULL;
    if (last && last->last_size == TCP_MSS) {
        last->last_size = last_size;
    } else {
        if (runs->count == runs->room && (e = grow(runs, memory)) != ERR_OK)
            return e;
        runs->count++;
        *run_place(runs, runs->count - 1) =
            (struct sent_run){.offset = offset, .first = runs->end, .last_size = last_size};
    }
    runs->end += count;
    return ERR_OK;
}

void sent_runs_forget(struct sent_runs *runs, const struct memory *memory, uint32_t first) {
    CHECK(first <= runs->end);
    while (runs->count > 0 && run_end(runs, 0) <= first) {
        runs->head = (runs->head + 1) & (runs->room - 1);
        runs->count--;
    }
    if (runs->count == 0) {
        sent_runs_fini(runs, memory);
        return;
    }
    struct sent_run *run = run_place(runs, 0);
    if (run->first < first) {
        run->offset += (uint64_t)(first - run->first) * TCP_MSS;
        run->first = first;
    }
}

struct sent_segment sent_runs_find(const struct sent_runs *runs, uint32_t segment) {
    uint32_t low = 0, high = runs->count;
    CHECK(runs->count > 0 && segment >= run_at(runs, 0)->first && segment < runs->end);
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (run_at(runs, middle)->first <= segment)
            low = middle;
        else
            high = middle;
    }
    const struct sent_run *run = run_at(runs, low);
    return (struct sent_segment){
        .offset = run->offset + (uint64_t)(segment - run->first) * TCP_MSS,
        .size = segment + 1 == run_end(runs, low) ? run->last_size : TCP_MSS,
    };
}
