#define _GNU_SOURCE
#include "litmus/sites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES_MAX 512u

/* One access of the compiled program. */
struct access {
    const void *pc;
    enum site_kind kind;
    memory_order order;
    bool is_weakened;
    memory_order weakened;
    char name[SITE_NAME_MAX]; /* empty: not looked up yet */
};

extern const char __executable_start[]; /* the linker's */

static struct access accesses[SITES_MAX];
static uint32_t access_count;

const char *order_name(memory_order order) {
    static const char *const names[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
    return names[order];
}

const char *site_kind_name(enum site_kind kind) {
    static const char *const names[] = {"load", "store", "exchange", "fence"};
    return names[kind];
}

memory_order sites_order(const void *pc, enum site_kind kind, memory_order order) {
    uint32_t i = 0;
    while (i < access_count && accesses[i].pc != pc)
        i++;
    if (i == access_count) {
        if (access_count == SITES_MAX)
            abort();
        accesses[access_count++] = (struct access){.pc = pc, .kind = kind, .order = order};
    }
    return accesses[i].is_weakened ? accesses[i].weakened : order;
}

static void cut_line(char *line) {
    line[strcspn(line, "\n (")] = '\0'; /* addr2line may add "(discriminator 2)" */
}

/* The innermost place, or all from there outwards. */
static void look_up(const void *pc, bool with_callers, char *out, size_t size) {
    char program[256] = "", command[512], function[128], line[128];
    if (readlink("/proc/self/exe", program, sizeof program - 1) < 0)
        abort();
    snprintf(command, sizeof command, "addr2line -s -f -i -e '%s' 0x%zx", program,
             (size_t)((const char *)pc - 1 - __executable_start));
    FILE *pipe = popen(command, "r"); // NOLINT(cert-env33-c)
    if (!pipe)
        abort();
    size_t used = 0;
    out[0] = '\0';
    while (fgets(function, sizeof function, pipe) && fgets(line, sizeof line, pipe)) {
        cut_line(function);
        cut_line(line);
        if (used < size && (used == 0 || with_callers))
            used += (size_t)snprintf(out + used, size - used, "%s%s %s", used ? " in " : "", function, line);
    }
    if (pclose(pipe) != 0 || used == 0) {
        fputs("addr2line (of binutils) does not know the program's lines\n", stderr);
        abort();
    }
}

const char *sites_describe(const void *pc) {
    static char text[LINES_MAX];
    look_up(pc, true, text, sizeof text);
    return text;
}

uint32_t sites_list(struct site sites[static SITES_MAX]) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < access_count; i++) {
        struct access *access = &accesses[i];
        if (access->name[0] == '\0')
            look_up(access->pc, false, access->name, sizeof access->name);
        uint32_t known = 0;
        while (known < count &&
               (sites[known].kind != access->kind || strcmp(sites[known].name, access->name) != 0))
            known++;
        if (known < count)
            continue;
        sites[count] = (struct site){.kind = access->kind, .order = access->order};
        memcpy(sites[count++].name, access->name, sizeof access->name);
    }
    return count;
}

void sites_weaken(const struct site *site, memory_order order) {
    for (uint32_t i = 0; i < access_count; i++) {
        if (accesses[i].kind == site->kind && strcmp(accesses[i].name, site->name) == 0) {
            accesses[i].is_weakened = true;
            accesses[i].weakened = order;
        }
    }
}

void sites_restore(void) {
    for (uint32_t i = 0; i < access_count; i++)
        accesses[i].is_weakened = false;
}
