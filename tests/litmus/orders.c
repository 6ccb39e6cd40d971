#include "litmus/orders.h"

#include <string.h>

#include "litmus/verdict.h"

#define TIME_GAP 0x10000u /* room for 16 halvings, when stores come between others */

static uint64_t mix(uint64_t a, uint64_t b) {
    uint64_t x = (a ^ (b + 0x9e3779b97f4a7c15)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 29)) * 0x94d049bb133111eb;
    return x ^ (x >> 32);
}

static bool acquires(memory_order order) {
    return order == memory_order_acquire || order == memory_order_acq_rel;
}

static bool releases(memory_order order) {
    return order == memory_order_release || order == memory_order_acq_rel;
}

static void join(struct view *view, const struct view *other, const struct orders *o) {
    for (uint32_t i = 0; i < o->locations; i++) {
        if (view->oldest[i] < other->oldest[i])
            view->oldest[i] = other->oldest[i];
    }
    for (unsigned i = 0; i < o->threads; i++) {
        if (view->clock[i] < other->clock[i])
            view->clock[i] = other->clock[i];
    }
}

void orders_begin(struct orders *o, unsigned threads) {
    o->threads = threads;
    o->locations = 0;
    o->fences = 0;
    memset(&o->fenced, 0, sizeof o->fenced);
    memset(o->actors, 0, sizeof o->actors);
    for (unsigned i = 0; i < threads; i++)
        o->actors[i].view.clock[i] = 1;
}

static uint64_t memory_read(uintptr_t address, uint32_t size) {
    uint64_t value = 0;
    memcpy(&value, (const void *)address, size); /* little endian */
    return value;
}

static uint32_t find(struct orders *o, uintptr_t address, uint32_t size) {
    for (uint32_t i = 0; i < o->locations; i++) {
        if (o->location[i].address != address)
            continue;
        if (o->location[i].size != size)
            give_up("an atomic is used in two sizes");
        return i;
    }
    if (o->locations == LOCATIONS_MAX)
        give_up("more than LOCATIONS_MAX atomics");
    struct location *l = &o->location[o->locations];
    l->address = address;
    l->size = size;
    l->count = 1;
    memset(&l->messages[0], 0, sizeof l->messages[0]);
    l->messages[0].time = TIME_GAP;
    l->messages[0].value = memory_read(address, size);
    return o->locations++;
}

/* Of the messages that the thread may read, the first. */
static uint32_t first_seen(const struct orders *o, unsigned thread, uint32_t location) {
    const struct location *l = &o->location[location];
    uint32_t oldest = o->actors[thread].view.oldest[location], i = l->count - 1;
    while (i > 0 && l->messages[i].time > oldest)
        i--;
    return i;
}

static void check_order(memory_order order) {
    if (order == memory_order_seq_cst || order == memory_order_consume)
        give_up("seq_cst accesses and consume are not in the model");
}

/* The thread has done one more step, which read this message. */
static uint32_t count_step(struct orders *o, unsigned thread, uintptr_t address, uint64_t kind,
                           uint32_t from) {
    struct actor *a = &o->actors[thread];
    a->steps++;
    a->past = mix(mix(a->past, address), kind << 32 | from);
    return (uint32_t)(thread + 1) << 16 | a->steps;
}

static void take_view(struct orders *o, struct actor *a, const struct message *m, memory_order order) {
    join(&a->loaded, &m->view, o);
    if (acquires(order))
        join(&a->view, &m->view, o);
}

struct step orders_load(struct orders *o, unsigned thread, uintptr_t address, uint32_t size,
                        memory_order order) {
    check_order(order);
    uint32_t location = find(o, address, size);
    struct location *l = &o->location[location];
    struct actor *a = &o->actors[thread];
    uint32_t first = first_seen(o, thread, location);
    struct message *m = &l->messages[l->count - 1 - o->choose(l->count - first)];
    a->view.oldest[location] = m->time;
    take_view(o, a, m, order);
    (void)count_step(o, thread, address, 1, m->name);
    return (struct step){m->value, m->name};
}

/* A message at place i, with a time between its neighbours'. The rest is the caller's. */
static struct message *insert(struct location *l, uint32_t i) {
    if (l->count == MESSAGES_MAX)
        give_up("more than MESSAGES_MAX changes of one atomic");
    uint32_t before = l->messages[i - 1].time;
    uint32_t after = i < l->count ? l->messages[i].time : before + 2 * TIME_GAP;
    if (after - before < 2)
        give_up("no time left between two messages");
    memmove(&l->messages[i + 1], &l->messages[i], (l->count - i) * sizeof l->messages[0]);
    l->count++;
    memset(&l->messages[i], 0, sizeof l->messages[i]);
    l->messages[i].time = before + (after - before) / 2;
    return &l->messages[i];
}

static void write_message(struct orders *o, unsigned thread, uint32_t location, uint32_t place,
                          uint64_t value, memory_order order, uint32_t name) {
    struct location *l = &o->location[location];
    struct actor *a = &o->actors[thread];
    struct message *m = insert(l, place);
    m->name = name;
    m->value = value;
    a->view.oldest[location] = m->time;
    m->view = releases(order) ? a->view : a->released;
    m->view.oldest[location] = m->time;
    a->view.clock[thread]++;
    if (place == l->count - 1)
        memcpy((void *)l->address, &value, l->size); /* for who looks when the threads have ended */
}

void orders_store(struct orders *o, unsigned thread, uintptr_t address, uint32_t size, uint64_t value,
                  memory_order order) {
    check_order(order);
    uint32_t location = find(o, address, size);
    const struct location *l = &o->location[location];
    uint32_t first = first_seen(o, thread, location), places[MESSAGES_MAX], count = 0;
    for (uint32_t i = l->count; i > first; i--) {
        if (i == l->count || !l->messages[i].is_exchange)
            places[count++] = i;
    }
    uint32_t place = places[o->choose(count)];
    write_message(o, thread, location, place, value, order, count_step(o, thread, address, 2, 0));
}

struct step orders_exchange(struct orders *o, unsigned thread, uintptr_t address, uint32_t size,
                            uint64_t (*change)(uint64_t old, uint64_t operand), uint64_t operand,
                            memory_order order) {
    check_order(order);
    uint32_t location = find(o, address, size);
    struct location *l = &o->location[location];
    uint32_t first = first_seen(o, thread, location), places[MESSAGES_MAX], count = 0;
    for (uint32_t i = l->count; i > first; i--) {
        if (i == l->count || !l->messages[i].is_exchange)
            places[count++] = i;
    }
    uint32_t place = places[o->choose(count)];
    struct step step = {l->messages[place - 1].value, l->messages[place - 1].name};
    take_view(o, &o->actors[thread], &l->messages[place - 1], order);
    uint32_t name = count_step(o, thread, address, 3, step.from);
    write_message(o, thread, location, place, change(step.value, operand), order, name);
    /* A release sequence goes on through it. */
    join(&l->messages[place].view, &l->messages[place - 1].view, o);
    l->messages[place].is_exchange = true;
    return step;
}

void orders_fence(struct orders *o, unsigned thread, memory_order order) {
    struct actor *a = &o->actors[thread];
    (void)count_step(o, thread, 0, 4, (uint32_t)order);
    if (acquires(order) || order == memory_order_seq_cst)
        join(&a->view, &a->loaded, o);
    if (order == memory_order_seq_cst) {
        /* They stand in one order, and carry what may be read, but no right to touch plain data. */
        for (uint32_t i = 0; i < o->locations; i++) {
            if (a->view.oldest[i] < o->fenced.oldest[i])
                a->view.oldest[i] = o->fenced.oldest[i];
            o->fenced.oldest[i] = a->view.oldest[i];
        }
        o->fences = mix(o->fences, thread + 1);
    }
    if (releases(order) || order == memory_order_seq_cst) {
        a->released = a->view;
        a->view.clock[thread]++;
    }
}

uint64_t orders_newest(struct orders *o, uintptr_t address, uint32_t size) {
    const struct location *l = &o->location[find(o, address, size)];
    return l->messages[l->count - 1].value;
}

struct digest orders_digest(const struct orders *o) {
    struct digest d = {o->fences, 0};
    for (unsigned i = 0; i < o->threads; i++) {
        d.low = mix(d.low, o->actors[i].past);
        d.high = mix(d.high ^ 0x5bd1e995, o->actors[i].past + i);
    }
    /* Locations are found in another order in another interleaving: a sum. */
    uint64_t sum = 0;
    for (uint32_t i = 0; i < o->locations; i++) {
        const struct location *l = &o->location[i];
        uint64_t order = l->address;
        for (uint32_t m = 1; m < l->count; m++)
            order = mix(order, l->messages[m].name);
        if (l->count > 1)
            sum += order;
    }
    d.low = mix(d.low, sum);
    d.high = mix(d.high, sum * 3 + 1);
    return d;
}
