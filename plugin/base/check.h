/* check - assertions about our own code, on in every build.
 *
 * A failed CHECK is a bug in Loom, never a reaction to input: what peers send is answered with an `enum err`. */
#ifndef LOOM_BASE_CHECK_H
#define LOOM_BASE_CHECK_H

#define CHECK(condition) \
    (__builtin_expect(!!(condition), 1) ? (void)0 : check_failed(#condition, __FILE__, __LINE__))

/* Report the failed condition through the runtime's handler, then trap. Never returns. */
_Noreturn void check_failed(const char *condition, const char *file, int line);

#endif
