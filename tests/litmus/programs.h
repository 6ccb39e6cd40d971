/* programs - the product's code between threads, as programs small enough to explore whole. */
#ifndef LOOM_LITMUS_PROGRAMS_H
#define LOOM_LITMUS_PROGRAMS_H

#include "litmus/litmus.h"

#define RING_PROGRAMS     2u
#define VIEW_PROGRAMS     1u
#define MAILROOM_PROGRAMS 13u
#define DEEP_PROGRAMS     12u
#define MOVE_PROGRAMS     3u
#define UNSAFE_PROGRAMS   3u

extern const struct litmus_program ring_programs[RING_PROGRAMS];
extern const struct litmus_program view_programs[VIEW_PROGRAMS];
extern const struct litmus_program mailroom_programs[MAILROOM_PROGRAMS];
extern const struct litmus_program deep_programs[DEEP_PROGRAMS]; /* minutes */
extern const struct litmus_program move_programs[MOVE_PROGRAMS];
extern const struct litmus_program
    unsafe_programs[UNSAFE_PROGRAMS]; /* with a step left out: each must fail */

#endif
