#include "base/check.h"

/* The runtime that links the core may define check_report to print where it stopped; the core itself has no way to
 * write anywhere. */
__attribute__((weak)) void check_report(const char *condition, const char *file, int line);

_Noreturn void check_failed(const char *condition, const char *file, int line) {
    if (check_report)
        check_report(condition, file, line);
    __builtin_trap();
}
