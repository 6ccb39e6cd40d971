#include "native/directory_retry.h"

#define TIMEOUT_S           60u
#define TIMEOUT_TESTING_S   10u
#define PAUSE_MAX_S         900u
#define PAUSE_TESTING_MAX_S 5u

uint64_t directory_retry_pause_s(bool is_testing, uint32_t failures) {
    uint64_t most = is_testing ? PAUSE_TESTING_MAX_S : PAUSE_MAX_S;
    uint64_t pause = UINT64_C(1) << (failures > 10 ? 10 : failures > 0 ? failures - 1 : 0);
    return pause < most ? pause : most;
}

uint32_t directory_retry_timeout_s(bool is_testing) {
    return is_testing ? TIMEOUT_TESTING_S : TIMEOUT_S;
}
