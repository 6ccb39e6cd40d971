#include "litmus/races.h"

#include <string.h>

#include "litmus/arena.h"
#include "litmus/verdict.h"

#define WORD 4u

/* Of a byte, or of a word as a whole: most accesses are of whole words, and neighbouring bytes may belong to two
 * threads. */
struct shadow {
    uint32_t execution; /* in another one it is as if it were zero */
    uint16_t writer;    /* and 1; 0: nobody */
    bool is_freed;
    bool is_split; /* a word: some access was of a part */
    uint32_t written;
    uint32_t read[THREADS_MAX];
};

static struct shadow words[ARENA_BYTES / WORD];
static struct shadow bytes[ARENA_BYTES];
static uint32_t execution;

void races_begin(void) {
    execution++;
}

static struct shadow *refresh(struct shadow *s) {
    if (s->execution != execution) {
        memset(s, 0, sizeof *s);
        s->execution = execution;
    }
    return s;
}

static void check(const struct orders *o, unsigned thread, const struct shadow *s, bool writes) {
    const struct view *view = &o->actors[thread].view;
    if (s->is_freed)
        fail("memory is used after it was given back");
    if (s->writer > 0 && view->clock[s->writer - 1] < s->written)
        fail(writes ? "two threads write plain data without order"
                    : "plain data is read without order after its write");
    for (unsigned i = 0; writes && i < o->threads; i++) {
        if (view->clock[i] < s->read[i])
            fail("plain data is written without order after a read");
    }
}

static void note(const struct orders *o, unsigned thread, struct shadow *s, enum access access) {
    uint32_t now = o->actors[thread].view.clock[thread];
    check(o, thread, s, access != ACCESS_READ);
    if (access == ACCESS_READ) {
        s->read[thread] = now;
    } else {
        s->writer = (uint16_t)(thread + 1);
        s->written = now;
        s->is_freed = access == ACCESS_FREE;
    }
}

static void access_word(const struct orders *o, unsigned thread, uint32_t offset, enum access access) {
    struct shadow *word = refresh(&words[offset / WORD]);
    for (uint32_t i = offset; word->is_split && i < offset + WORD; i++)
        check(o, thread, refresh(&bytes[i]), access != ACCESS_READ);
    note(o, thread, word, access);
}

static void access_byte(const struct orders *o, unsigned thread, uint32_t offset, enum access access) {
    struct shadow *word = refresh(&words[offset / WORD]);
    word->is_split = true;
    check(o, thread, word, access != ACCESS_READ);
    note(o, thread, refresh(&bytes[offset]), access);
}

void races_access(const struct orders *o, unsigned thread, uint32_t offset, uint32_t size,
                  enum access access) {
    uint32_t end = offset + size;
    while (offset < end) {
        if (offset % WORD == 0 && end - offset >= WORD) {
            access_word(o, thread, offset, access);
            offset += WORD;
        } else {
            access_byte(o, thread, offset++, access);
        }
    }
}
