/* log - lines as tor writes them: "Nov 21 02:15:00.000 [notice] message".
 *
 * A line is built on the stack and leaves in one write, so that a half line never appears, not even when the process
 * is killed; control characters become '?'.
 * Thread: log_write from any thread; the others from the main thread. Memory: log_write allocates nothing.
 * Bound: LOG_LINE_MAX bytes a line, the rest is cut; LOG_SINKS_MAX sinks. */
#ifndef LOOM_NATIVE_LOG_H
#define LOOM_NATIVE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

struct complaint;

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_NOTICE, LOG_LEVEL_WARN, LOG_LEVEL_ERR };
enum log_sink_kind { LOG_SINK_STDOUT, LOG_SINK_STDERR, LOG_SINK_FILE, LOG_SINK_SYSLOG };

#define LOG_LINE_MAX  2048u
#define LOG_SINKS_MAX 16u

/* Where lines of level least to most go. path is for LOG_SINK_FILE only. */
struct log_sink {
    enum log_sink_kind kind;
    enum log_level least, most;
    const char *path;
};

/* Before any configuration is read: lines of at least this level go to stdout (tor: --hush is WARN). */
void log_start(enum log_level least);
/* Before any configuration is read: say nothing (tor: --quiet). */
void log_start_silent(void);
/* Put these sinks in the place of all before. granularity_ms rounds the times down (LogTimeGranularity). Borrows path
 * until the next call. False, with nothing changed, when a file cannot be opened. */
MUST_USE bool log_configure(const struct log_sink *sinks, uint32_t count, uint32_t granularity_ms,
                            struct complaint *complaint);
/* Open the files again, after a SIGHUP or logrotate; a file that cannot be opened stays as it was. */
void log_reopen(void);
/* Close everything. */
void log_stop(void);

/* Does anybody listen at this level? For callers whose arguments are costly. */
MUST_USE bool log_is_on(enum log_level level);
void log_write(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#define log_debug(...)                               \
    do {                                             \
        if (log_is_on(LOG_LEVEL_DEBUG))              \
            log_write(LOG_LEVEL_DEBUG, __VA_ARGS__); \
    } while (0)
#define log_info(...)                               \
    do {                                            \
        if (log_is_on(LOG_LEVEL_INFO))              \
            log_write(LOG_LEVEL_INFO, __VA_ARGS__); \
    } while (0)
#define log_notice(...) log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_warn(...)   log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_err(...)    log_write(LOG_LEVEL_ERR, __VA_ARGS__)

#endif
