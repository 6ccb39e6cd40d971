/* torrc_places - where each line of the configuration stands, for complaints that come up only when all are known.
 *
 * Owner: the configuration. Memory: places_forget() frees it. Bound: one place a file and a line that is carried out. */
#ifndef LOOM_NATIVE_TORRC_PLACES_H
#define LOOM_NATIVE_TORRC_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

struct complaint;
struct place;

struct places {
    struct place *last; /* or NULL */
    struct place *file; /* the last file that was begun, or NULL */
};

/* Note that a file begins. False without memory. */
MUST_USE bool places_note_file(struct places *places, const char *file);
/* Note where a line of this option is; file NULL: on the command line. Borrows option. False without memory. */
MUST_USE bool places_note(struct places *places, const char *option, const char *file, uint32_t line);
/* "FILE:LINE" of the last line of this option, as long as places live; NULL when there is none. */
const char *places_find(const struct places *places, const char *option);
/* Put the place before a complaint of the form "Option: expected ..."; when nobody wrote that option, the file. */
void places_locate(const struct places *places, struct complaint *complaint);
void places_forget(struct places *places);

#endif
