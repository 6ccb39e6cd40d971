/* loom-relay: the relay. */
#include "native/relay_main.h"

int main(int argc, char **argv) {
    static const struct relay_program program = {0};
    return relay_main(argc, argv, &program);
}
