/* attributes - compiler attributes by the names that the code uses. */
#ifndef LOOM_BASE_ATTRIBUTES_H
#define LOOM_BASE_ATTRIBUTES_H

#define MUST_USE                   __attribute__((warn_unused_result))
#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))
#define UNUSED                     __attribute__((unused))

#endif
