#include "native/allocator.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <link.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PRELOAD   "LD_PRELOAD"
#define LIST_ROOM (2u * PATH_MAX)

static const struct {
    const char *name;
    const char *library; /* to preload */
    const char *mark;    /* how the name of its file begins, whatever its version */
    const char *package; /* Debian's */
} known[] = {
    {"system", "libc.so.6", "libc.", "libc6"},
    {"jemalloc", "libjemalloc.so.2", "libjemalloc", "libjemalloc2"},
    {"mimalloc", "libmimalloc.so.2", "libmimalloc", "libmimalloc2.0"},
    {"tcmalloc", "libtcmalloc_minimal.so.4", "libtcmalloc", "libtcmalloc-minimal4"},
};
#define KNOWN (sizeof known / sizeof known[0])

/* --- what is in force ------------------------------------------------------------------------------------------- */

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Functions and objects of the library that are found by name: which it is, is known only at run time. */
static const char *jemalloc_version(void *library) {
    int (*mallctl)(const char *, void *, size_t *, void *, size_t);
    const char *version = NULL;
    size_t size = sizeof version;
    *(void **)&mallctl = dlsym(library, "mallctl");
    return mallctl && mallctl("version", &version, &size, NULL, 0) == 0 ? version : NULL;
}

static const char *tcmalloc_version(void *library) {
    const char *(*tc_version)(int *, int *, const char **);
    *(void **)&tc_version = dlsym(library, "tc_version");
    return tc_version ? tc_version(NULL, NULL, NULL) : NULL;
}

/* 209 is 2.0.9. */
static const char *mimalloc_version(void *library, char room[static 16]) {
    int (*mi_version)(void);
    *(void **)&mi_version = dlsym(library, "mi_version");
    if (!mi_version)
        return NULL;
    int version = mi_version();
    snprintf(room, 16, "%d.%d.%d", version / 100 % 100, version / 10 % 10, version % 10);
    return room;
}

static const char *version_of(const char *name, const char *path) {
    static char room[16];
    void *library = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    const char *version = NULL;
    if (!library)
        return NULL;
    if (strcmp(name, "system") == 0)
        version = gnu_get_libc_version();
    else if (strcmp(name, "jemalloc") == 0)
        version = jemalloc_version(library);
    else if (strcmp(name, "tcmalloc") == 0)
        version = tcmalloc_version(library);
    else if (strcmp(name, "mimalloc") == 0)
        version = mimalloc_version(library, room);
    dlclose(library); /* it stays: it was there before */
    return version;
}

void allocator_look(struct allocator_in_force *out) {
    Dl_info found;
    void *bound = dlsym(RTLD_DEFAULT, "malloc");
    *out = (struct allocator_in_force){.name = "unknown"};
    if (!bound || !dladdr(bound, &found) || !found.dli_fname)
        return;
    const char *file = base_name(found.dli_fname);
    snprintf(out->path, sizeof out->path, "%s", found.dli_fname);
    snprintf(out->name, sizeof out->name, "%s", file);
    for (size_t i = 0; i < KNOWN; i++)
        if (strncmp(file, known[i].mark, strlen(known[i].mark)) == 0)
            snprintf(out->name, sizeof out->name, "%s", known[i].name);
    const char *version = version_of(out->name, out->path);
    if (version) /* jemalloc's goes on with a commit */
        snprintf(out->version, sizeof out->version, "%.*s", (int)strcspn(version, "-"), version);
}

/* --- another one ------------------------------------------------------------------------------------------------ */

static bool find_in(const char *folder, const char *file, char path[static PATH_MAX]) {
    int length = snprintf(path, PATH_MAX, "%s/%s", folder, file);
    return length > 0 && length < PATH_MAX && access(path, R_OK) == 0;
}

/* Where the loader looks. */
static bool find_library(const char *file, char path[static PATH_MAX]) {
    Dl_serinfo size;
    void *self = dlopen(NULL, RTLD_LAZY);
    bool is_found = find_in("/usr/local/lib", file, path);
    if (!self || dlinfo(self, RTLD_DI_SERINFOSIZE, &size) != 0)
        return is_found;
    Dl_serinfo *folders = calloc(1, size.dls_size);
    if (folders && dlinfo(self, RTLD_DI_SERINFOSIZE, folders) == 0 &&
        dlinfo(self, RTLD_DI_SERINFO, folders) == 0)
        for (unsigned i = 0; i < folders->dls_cnt && !is_found; i++)
            is_found = find_in(folders->dls_serpath[i].dls_name, file, path);
    free(folders);
    return is_found;
}

/* The library that is wanted, as the loader shall be told of it. */
static bool choose(const char *wanted, char path[static PATH_MAX], struct complaint *complaint) {
    if (strchr(wanted, '/')) {
        if (realpath(wanted, path))
            return true;
        return complain(complaint, "--allocator %s: %s", wanted, strerror(errno));
    }
    for (size_t i = 0; i < KNOWN; i++) {
        if (strcmp(wanted, known[i].name) != 0)
            continue;
        if (find_library(known[i].library, path))
            return true;
        return complain(complaint, "--allocator %s: %s is not installed (Debian package: %s)", wanted,
                        known[i].library, known[i].package);
    }
    return complain(complaint,
                    "--allocator %s: expected one of " ALLOCATOR_NAMES ", or the path of a library", wanted);
}

static bool is_in_force(const char *wanted, const struct allocator_in_force *now) {
    char wanted_path[PATH_MAX], path[PATH_MAX];
    if (!strchr(wanted, '/'))
        return strcmp(wanted, now->name) == 0;
    return realpath(wanted, wanted_path) && realpath(now->path, path) && strcmp(wanted_path, path) == 0;
}

bool allocator_have(const char *wanted, char **argv, struct complaint *complaint) {
    struct allocator_in_force now;
    char path[PATH_MAX], list[LIST_ROOM];
    const char *before = getenv(PRELOAD);
    allocator_look(&now);
    if (is_in_force(wanted, &now))
        return true;
    if (!choose(wanted, path, complaint))
        return false;
    if (before && strncmp(before, path, strlen(path)) == 0)
        return complain(complaint, "--allocator %s: the loader did not take %s: %s is in force", wanted, path,
                        now.name);
    int length = snprintf(list, sizeof list, "%s%s%s", path, before ? ":" : "", before ? before : "");
    if (length < 0 || (size_t)length >= sizeof list)
        return complain(complaint, "--allocator %s: " PRELOAD " is too long", wanted);
    if (setenv(PRELOAD, list, 1) == 0)
        execv("/proc/self/exe", argv);
    return complain(complaint, "--allocator %s: cannot execute this program anew: %s", wanted,
                    strerror(errno));
}

/* --- settings --------------------------------------------------------------------------------------------------- */

#define DECAY_MS       1000         /* then jemalloc gives back what is free */
#define MMAP_THRESHOLD (128u << 10) /* glibc: whole documents get pages of their own, which go when they go */
#define TRIM_THRESHOLD (256u << 10)
#define ARENAS_MAX     2

typedef int (*mallctl_function)(const char *, void *, size_t *, void *, size_t);

static mallctl_function find_mallctl(void) {
    mallctl_function mallctl;
    *(void **)&mallctl = dlsym(RTLD_DEFAULT, "mallctl");
    return mallctl;
}

/* A thread of its own gives back what idle threads' arenas hold: by itself each does so only when it is used again. */
static void tune_jemalloc(void) {
    static const char *const decays[] = {"arenas.dirty_decay_ms", "arenas.muzzy_decay_ms",
                                         "arena.0.dirty_decay_ms", "arena.0.muzzy_decay_ms"};
    mallctl_function mallctl = find_mallctl();
    if (!mallctl || getenv("MALLOC_CONF"))
        return; /* who has set it knows better */
    for (size_t i = 0; i < sizeof decays / sizeof decays[0]; i++) {
        ssize_t after_ms = i % 2 == 0 ? DECAY_MS : 0;
        (void)mallctl(decays[i], NULL, NULL, &after_ms, sizeof after_ms);
    }
    bool is_on = true;
    (void)mallctl("background_thread", NULL, NULL, &is_on, sizeof is_on);
}

void allocator_tune(void) {
    struct allocator_in_force now;
    allocator_look(&now);
    if (strcmp(now.name, "jemalloc") == 0)
        tune_jemalloc();
    if (strcmp(now.name, "system") != 0)
        return;
    (void)mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
    (void)mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD);
    (void)mallopt(M_ARENA_MAX, ARENAS_MAX);
}
