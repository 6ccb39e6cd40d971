#include "core/control_spares.h"

#include <stddef.h>
#include <string.h>

#include "base/check.h"

/* The largest message that an object must be able to send. */
#define SPARE_KIND CONTROL_LINK_OPEN

void control_spares_init(struct control_spares *spares, const struct memory *memory) {
    *spares = (struct control_spares){.memory = memory};
}

static struct control *pop(struct control_spares *spares) {
    struct control *message = spares->first;
    spares->first = message->next;
    spares->count--;
    return message;
}

void control_spares_fini(struct control_spares *spares) {
    CHECK(spares->owed == 0);
    while (spares->first)
        control_free(spares->memory, pop(spares));
}

bool control_spares_reserve(struct control_spares *spares, uint32_t n) {
    while (spares->count < spares->owed + n) {
        struct control *message = control_new(spares->memory, SPARE_KIND);
        if (!message)
            return false;
        message->next = spares->first;
        spares->first = message;
        spares->count++;
    }
    spares->owed += n;
    return true;
}

void control_spares_release(struct control_spares *spares, uint32_t n) {
    CHECK(spares->owed >= n);
    spares->owed -= n;
    while (spares->count > spares->owed)
        control_free(spares->memory, pop(spares));
}

/* One that it has used up already is missing at both ends, until the next reserve. */
struct control *control_spares_carry_out(struct control_spares *spares, uint32_t n) {
    CHECK(spares->owed >= n);
    spares->owed -= n;
    struct control *messages = NULL;
    for (uint32_t i = 1; i < n && spares->first; i++) {
        struct control *message = pop(spares);
        message->next = messages;
        messages = message;
    }
    while (spares->count > spares->owed)
        control_free(spares->memory, pop(spares));
    return messages;
}

void control_spares_carry_in(struct control_spares *spares, struct control *messages, uint32_t n) {
    spares->owed += n;
    while (messages) {
        struct control *message = messages;
        messages = message->next;
        message->next = spares->first;
        spares->first = message;
        spares->count++;
    }
}

struct control *control_spares_take(struct control_spares *spares, enum control_kind kind) {
    struct control *message = control_new(spares->memory, kind);
    if (message || !spares->first)
        return message;
    message = pop(spares);
    uint32_t size = message->size;
    CHECK(size >= control_size(kind));
    memset(message, 0, size);
    message->size = size;
    message->kind = (uint8_t)kind;
    return message;
}
