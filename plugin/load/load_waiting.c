#include "load/load_waiting.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

void load_waiting_init(struct load_waiting *waiting) {
    waiting->count = 0;
}

void load_waiting_fini(struct load_waiting *waiting) {
    for (uint32_t i = 0; i < waiting->count; i++)
        close(waiting->threads[i]);
    waiting->count = 0;
}

bool load_waiting_watch(struct load_waiting *waiting, uint32_t pid) {
    struct load_cpu cpu;
    char path[96];
    if (!load_cpu_read(pid, &cpu))
        return false;
    for (uint32_t i = 0; i < cpu.count && waiting->count < LOAD_THREADS_MAX; i++) {
        snprintf(path, sizeof path, "/proc/%u/task/%u/schedstat", pid, cpu.threads[i].id);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            waiting->threads[waiting->count++] = fd;
    }
    return true;
}

nsec load_waiting_read(const struct load_waiting *waiting) {
    nsec sum = 0;
    for (uint32_t i = 0; i < waiting->count; i++) {
        char text[96];
        uint64_t ran, waited;
        ssize_t length = pread(waiting->threads[i], text, sizeof text - 1, 0);
        text[length > 0 ? length : 0] = '\0';
        if (sscanf(text, "%" SCNu64 " %" SCNu64, &ran, &waited) == 2)
            sum += waited;
    }
    return sum;
}
