/* slab - equal-sized objects of one owner, grown on demand and kept for the next take, under a hard ceiling.
 *
 * Owner: one thread. Memory: blocks of objects come from the memory handed to slab_init; an object stays where it is. A
 * block holds as many objects as there were before it, from one to objects_per_block: who needs one has one, and who needs
 * many asks seldom. Blocks go back with slab_trim, and with slab_give_back.
 * What is free is kept in trays: a free object that has the addresses of others in it. So most objects are put back and
 * taken without a look at them, which matters when they have left the cache, or are in another core's; and who frees
 * objects of a slab that is not his fills a tray and hands it over whole. */
#ifndef LOOM_BASE_SLAB_H
#define LOOM_BASE_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"

struct slab_block;

struct slab_tray {
    struct slab_tray *next;
    uint32_t count; /* objects in it, besides the tray itself */
    uint32_t room;  /* for so many */
    void *objects[];
};

struct slab {
    const struct memory *memory;
    struct slab_block *blocks;
    struct slab_tray *free;
    size_t object_size;
    uint32_t objects_per_block;
    uint32_t objects_max; /* ceiling: slab_take returns NULL beyond it */
    uint32_t taken;
    uint32_t capacity;
};

/* Borrows memory. object_size is rounded up to 16 bytes. Objects are aligned to 16 bytes, those of whole cache lines (64
 * bytes) to these. */
void slab_init(struct slab *slab, const struct memory *memory, size_t object_size, uint32_t objects_per_block,
               uint32_t objects_max);
/* Objects of that size in a block for who has very many of them: as much as allocators give away without waste. */
uint32_t slab_block_objects(size_t object_size);
/* Every object must have been put back. */
void slab_fini(struct slab *slab);
/* An object with undefined content; NULL at the ceiling or when the memory has no more. */
MUST_USE void *slab_take(struct slab *slab);
/* Put back what slab_take returned. Memory is kept for the next take. */
void slab_put(struct slab *slab, void *object);
/* Make a tray of an object of slab, which may be another's: only the size of its objects is looked at. */
struct slab_tray *slab_tray_of(const struct slab *slab, void *object);
/* Put another object of the same slab onto the tray; false when it is full. */
MUST_USE bool slab_tray_add(struct slab_tray *tray, void *object);
/* Put back the tray and what is on it; returns how many objects that are. */
uint32_t slab_put_tray(struct slab *slab, struct slab_tray *tray);
/* Give all memory back, if no object is taken. For an owner that has nothing to do for a while. */
void slab_trim(struct slab *slab);
/* More than half of the objects that there is room for are free, and they are more than a few blocks'. */
static inline bool slab_is_mostly_free(const struct slab *slab) {
    return slab->capacity / 2 > slab->taken && slab->capacity > 4 * slab->objects_per_block;
}
/* If the slab is mostly free, give back blocks of which no object is taken, but for some that keep the next takes from asking
 * again. Looks at all that is free: for now and then. Without memory to do so it does nothing. */
void slab_give_back(struct slab *slab);

#endif
