/* relay_main - the whole program: reads the configuration, opens ports and keys, and runs the relay.
 *
 * Programs differ in what paces their work (native/pacing.h). Thread: main. */
#ifndef LOOM_NATIVE_RELAY_MAIN_H
#define LOOM_NATIVE_RELAY_MAIN_H

#include "native/complaint.h"

struct config;
struct pacing;

struct relay_program {
    /* What the configuration wants; NULL with a complaint. A program that has none is not paced. */
    struct pacing *(*pacing_new)(const struct config *config, struct complaint *complaint);
    void (*pacing_free)(struct pacing *pacing);
};

/* The status to exit with. */
int relay_main(int argc, char **argv, const struct relay_program *program);

#endif
