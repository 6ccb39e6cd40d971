/* loom-relay-shadow: the relay, whose work takes the time of a virtual CPU: for Shadow, where it takes none. */
#include "native/relay_main.h"
#include "shadow/paced_relay.h"

int main(int argc, char **argv) {
    static const struct relay_program program = {.pacing_new = paced_relay_new,
                                                 .pacing_free = paced_relay_free};
    return relay_main(argc, argv, &program);
}
