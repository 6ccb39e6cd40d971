#include "load/load_cpu.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_of(uint32_t pid, uint32_t thread, const char *name) {
    char path[96];
    snprintf(path, sizeof path, "/proc/%u/task/%u/%s", pid, thread, name);
    return fopen(path, "re");
}

static bool read_busy(uint32_t pid, struct load_thread_cpu *out) {
    uint64_t waited;
    FILE *file = open_of(pid, out->id, "schedstat");
    bool ok = file && fscanf(file, "%" SCNu64 " %" SCNu64, &out->busy, &waited) == 2;
    if (file)
        fclose(file);
    return ok;
}

static void read_status(uint32_t pid, struct load_thread_cpu *out) {
    char line[128];
    FILE *file = open_of(pid, out->id, "status");
    while (file && fgets(line, sizeof line, file)) {
        (void)sscanf(line, "Name: %15s", out->name);
        (void)sscanf(line, "voluntary_ctxt_switches: %" SCNu64, &out->switches);
    }
    if (file)
        fclose(file);
}

bool load_cpu_read(uint32_t pid, struct load_cpu *out) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%u/task", pid);
    DIR *folder = opendir(path);
    if (!folder)
        return false;
    *out = (struct load_cpu){.count = 0};
    for (struct dirent *entry; out->count < LOAD_THREADS_MAX && (entry = readdir(folder)) != NULL;) {
        struct load_thread_cpu *thread = &out->threads[out->count];
        thread->id = (uint32_t)strtoul(entry->d_name, NULL, 10);
        if (thread->id == 0 || !read_busy(pid, thread)) /* . and .., and threads that end meanwhile */
            continue;
        read_status(pid, thread);
        out->count++;
    }
    closedir(folder);
    return out->count > 0;
}

void load_cpu_since(struct load_cpu *after, const struct load_cpu *before) {
    for (uint32_t i = 0; i < after->count; i++) {
        struct load_thread_cpu *thread = &after->threads[i];
        for (uint32_t j = 0; j < before->count; j++) {
            if (before->threads[j].id != thread->id)
                continue;
            thread->busy -= before->threads[j].busy;
            thread->switches -= before->threads[j].switches;
        }
    }
}

nsec load_cpu_total(const struct load_cpu *cpu) {
    nsec total = 0;
    for (uint32_t i = 0; i < cpu->count; i++)
        total += cpu->threads[i].busy;
    return total;
}

uint64_t load_cpu_switches(const struct load_cpu *cpu) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < cpu->count; i++)
        total += cpu->threads[i].switches;
    return total;
}
