#include "native/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "native/complaint.h"

#define LEVELS      5
#define CUT_MARK    " [cut]"
#define LEVEL_NONE  LEVELS
#define STAMP_BYTES 32

struct open_sink {
    struct log_sink sink;
    int fd;
};

/* The lock covers everything below; lines are timed and written under it, so they stand in order. */
static struct {
    pthread_mutex_t lock;
    struct open_sink sinks[LOG_SINKS_MAX];
    uint32_t count;
    uint32_t granularity_ms;
    time_t stamp_second;
    char stamp[STAMP_BYTES]; /* "Nov 21 02:15:00" of stamp_second */
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .granularity_ms = 1, .stamp_second = (time_t)-1};

/* Lowest level that any sink takes. Read without the lock: a line around a change of configuration may be missed. */
static atomic_int least_level = LOG_LEVEL_NOTICE;

static const char *const level_names[LEVELS] = {"debug", "info", "notice", "warn", "err"};
static const int syslog_levels[LEVELS] = {LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING, LOG_ERR};

/* Under the lock. */
static void note_least_level(void) {
    int least = LEVEL_NONE;
    for (uint32_t i = 0; i < state.count; i++)
        if ((int)state.sinks[i].sink.least < least)
            least = (int)state.sinks[i].sink.least;
    atomic_store_explicit(&least_level, least, memory_order_relaxed);
}

static void close_sinks(struct open_sink *sinks, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (sinks[i].sink.kind == LOG_SINK_FILE && sinks[i].fd >= 0)
            close(sinks[i].fd);
}

static int open_sink(const struct log_sink *sink) {
    switch (sink->kind) {
    case LOG_SINK_STDOUT: return STDOUT_FILENO;
    case LOG_SINK_STDERR: return STDERR_FILENO;
    case LOG_SINK_FILE: return open(sink->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    case LOG_SINK_SYSLOG: return -1;
    }
    return -1;
}

static void replace_sinks(const struct open_sink *sinks, uint32_t count, uint32_t granularity_ms) {
    pthread_mutex_lock(&state.lock);
    close_sinks(state.sinks, state.count);
    memcpy(state.sinks, sinks, count * sizeof(*sinks));
    state.count = count;
    state.granularity_ms = granularity_ms ? granularity_ms : 1;
    note_least_level();
    pthread_mutex_unlock(&state.lock);
}

void log_start(enum log_level least) {
    struct open_sink sink = {{LOG_SINK_STDOUT, least, LOG_LEVEL_ERR, NULL}, STDOUT_FILENO};
    replace_sinks(&sink, 1, 1);
}

void log_start_silent(void) {
    struct open_sink none = {{LOG_SINK_STDOUT, LOG_LEVEL_ERR, LOG_LEVEL_ERR, NULL}, -1};
    replace_sinks(&none, 0, 1);
}

bool log_configure(const struct log_sink *sinks, uint32_t count, uint32_t granularity_ms,
                   struct complaint *complaint) {
    struct open_sink opened[LOG_SINKS_MAX];
    if (count > LOG_SINKS_MAX)
        return complain(complaint, "Log: expected at most %u lines, got %u", LOG_SINKS_MAX, count);
    for (uint32_t i = 0; i < count; i++) {
        opened[i] = (struct open_sink){sinks[i], open_sink(&sinks[i])};
        if (opened[i].fd < 0 && sinks[i].kind != LOG_SINK_SYSLOG) {
            close_sinks(opened, i);
            return complain(complaint, "Log: expected a file that can be written, got \"%s\": %s",
                            sinks[i].path, strerror(errno));
        }
        if (sinks[i].kind == LOG_SINK_SYSLOG)
            openlog("loom-relay", LOG_PID | LOG_NDELAY, LOG_DAEMON);
    }
    replace_sinks(opened, count, granularity_ms);
    return true;
}

void log_reopen(void) {
    pthread_mutex_lock(&state.lock);
    for (uint32_t i = 0; i < state.count; i++) {
        struct open_sink *s = &state.sinks[i];
        int fd = s->sink.kind == LOG_SINK_FILE ? open_sink(&s->sink) : -1;
        if (fd >= 0) {
            close(s->fd);
            s->fd = fd;
        }
    }
    pthread_mutex_unlock(&state.lock);
}

void log_stop(void) {
    log_start_silent();
}

bool log_is_on(enum log_level level) {
    return (int)level >= atomic_load_explicit(&least_level, memory_order_relaxed);
}

/* Control characters could fake lines or drive a terminal. */
static void make_printable(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

/* Under the lock. Return the length of "Nov 21 02:15:00.000 " in out. */
static size_t put_time(char out[static STAMP_BYTES + 8]) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != state.stamp_second) {
        struct tm local;
        localtime_r(&now.tv_sec, &local);
        strftime(state.stamp, sizeof(state.stamp), "%b %d %H:%M:%S", &local);
        state.stamp_second = now.tv_sec;
    }
    unsigned ms = (unsigned)(now.tv_nsec / 1000000);
    ms -= state.granularity_ms >= 1000 ? ms : ms % state.granularity_ms;
    return (size_t)snprintf(out, STAMP_BYTES + 8, "%s.%03u ", state.stamp, ms);
}

/* One write for the line; what the kernel left over (a full pipe, a signal) follows at once, under the lock. */
static void write_all(int fd, const char *line, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, line, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* a log that cannot be written must not stop the relay */
        line += written;
        length -= (size_t)written;
    }
}

static void write_to_sinks(enum log_level level, const char *line, size_t length, const char *message) {
    for (uint32_t i = 0; i < state.count; i++) {
        const struct open_sink *s = &state.sinks[i];
        if (level < s->sink.least || level > s->sink.most)
            continue;
        if (s->sink.kind == LOG_SINK_SYSLOG)
            syslog(syslog_levels[level], "%s", message);
        else
            write_all(s->fd, line, length);
    }
}

void log_write(enum log_level level, const char *format, ...) {
    if (!log_is_on(level))
        return;
    char message[LOG_LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    if (wanted < 0)
        return;
    if ((size_t)wanted >= sizeof(message))
        memcpy(message + sizeof(message) - sizeof(CUT_MARK), CUT_MARK, sizeof(CUT_MARK));
    make_printable(message);

    char line[LOG_LINE_MAX + 64];
    pthread_mutex_lock(&state.lock);
    size_t n = put_time(line);
    n += (size_t)snprintf(line + n, sizeof(line) - n, "[%s] %s\n", level_names[level], message);
    write_to_sinks(level, line, n, message);
    pthread_mutex_unlock(&state.lock);
}
