/* count_blocks - a plugin of qemu-user: how often each block of the guest's code ran, for others to read meanwhile.
 *
 *   qemu-aarch64 -plugin libloom-count-blocks.so,counts=COUNTS PROGRAM
 *
 * COUNTS is a file mapped by us and by whoever reads: a header, then a record a block (struct count_record), in the order
 * of translation. A record's fields but `runs` are written before `records` of the header counts it. A block that is
 * translated again gets another record: readers add them up. At the guest's end COUNTS.maps is what /proc/PID/maps was. Instructions are exact but for the few blocks that a fault or
 * a signal leaves in the middle.
 * Thread: any; a record is added under the lock, runs are added to atomically (relaxed: they are statistics). */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "instructions/qemu_plugin_api.h"

#define RECORDS_MAX (1u << 20) /* 32 MB, sparse: a relay has some 50,000 blocks */
#define MAGIC       UINT64_C(0x31636f6c426d6f4c)

struct count_header {
    uint64_t magic;
    _Atomic uint64_t records;
};

struct count_record {
    uint64_t host_address; /* where the first instruction lies in qemu's own memory, see its /proc/PID/maps */
    uint32_t instructions;
    uint16_t vector; /* of them, those of the vector and floating-point unit */
    uint16_t memory; /* loads and stores of the other registers */
    _Atomic uint64_t runs;
};

struct count_file {
    struct count_header header;
    struct count_record records[RECORDS_MAX];
};

static struct count_file *counts;
static char maps_path[4096];
static bool is_a64;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

/* --- kinds of instructions ------------------------------------------------------------------------------------------ */

enum kind { OTHER, VECTOR, MEMORY };

/* A64: bits 28..25 of the word are the main class. */
static enum kind kind_a64(uint32_t word) {
    uint32_t op = word >> 25 & 15;
    bool is_vector = word >> 26 & 1; /* of loads and stores: of the vector registers */
    if ((op & 7) == 7)
        return VECTOR;
    if ((op & 5) == 4)
        return is_vector ? VECTOR : MEMORY;
    return OTHER;
}

/* T32 in four bytes, the first halfword above: Advanced SIMD, its loads and stores, and coprocessors 10 and 11 are the vector
 * unit's; else 1110100x and 1111100x are loads and stores. */
static enum kind kind_t32(uint32_t word) {
    uint32_t first = word >> 16;
    bool is_unit = (word >> 9 & 7) == 5; /* coprocessor 10 or 11 */
    if ((first & 0xef00) == 0xef00 || (first & 0xff10) == 0xf900 || ((first & 0xec00) == 0xec00 && is_unit))
        return VECTOR;
    return (first & 0xfe00) == 0xf800 || (first & 0xfe00) == 0xe800 ? MEMORY : OTHER;
}

/* T16: 0101 to 1001 and 1100 at the top are loads and stores, so are 01001 and push and pop. */
static enum kind kind_t16(uint16_t word) {
    uint32_t top = word >> 12;
    bool is_stack = (word & 0xf600) == 0xb400;
    return (top >= 5 && top <= 9) || top == 12 || (word & 0xf800) == 0x4800 || is_stack ? MEMORY : OTHER;
}

static enum kind kind_of(const struct qemu_plugin_insn *instruction) {
    uint16_t half[2] = {0};
    size_t size = qemu_plugin_insn_size(instruction);
    memcpy(half, qemu_plugin_insn_data(instruction), size > sizeof half ? sizeof half : size);
    if (is_a64)
        return kind_a64((uint32_t)half[1] << 16 | half[0]);
    return size == 2 ? kind_t16(half[0]) : kind_t32((uint32_t)half[0] << 16 | half[1]);
}

static void describe(struct count_record *record, const struct qemu_plugin_tb *block) {
    size_t n = qemu_plugin_tb_n_insns(block);
    uint32_t of_kind[] = {[OTHER] = 0, [VECTOR] = 0, [MEMORY] = 0};
    for (size_t i = 0; i < n; i++)
        of_kind[kind_of(qemu_plugin_tb_get_insn(block, i))]++;
    record->host_address = (uintptr_t)qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(block, 0));
    record->instructions = (uint32_t)n;
    record->vector = (uint16_t)of_kind[VECTOR];
    record->memory = (uint16_t)of_kind[MEMORY];
}

/* --- what qemu calls ------------------------------------------------------------------------------------------------ */

static void on_run(unsigned vcpu, void *record) {
    (void)vcpu;
    atomic_fetch_add_explicit(&((struct count_record *)record)->runs, 1, memory_order_relaxed);
}

static void on_translation(qemu_plugin_id id, struct qemu_plugin_tb *block) {
    (void)id;
    pthread_mutex_lock(&lock);
    uint64_t n = atomic_load_explicit(&counts->header.records, memory_order_relaxed);
    if (n == RECORDS_MAX) {
        fprintf(stderr, "count_blocks: more than %u blocks\n", RECORDS_MAX);
        abort();
    }
    struct count_record *record = &counts->records[n];
    describe(record, block);
    /* Pairs with whoever reads the file: a record that is counted is filled in. */
    atomic_store_explicit(&counts->header.records, n + 1, memory_order_release);
    pthread_mutex_unlock(&lock);
    qemu_plugin_register_vcpu_tb_exec_cb(block, on_run, QEMU_PLUGIN_CB_NO_REGS, record);
}

/* The guest may fork while another thread translates; its child counts on in the same file. */
static struct count_file *map_file(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(struct count_file)) != 0) {
        fprintf(stderr, "count_blocks: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    void *mapped = mmap(NULL, sizeof(struct count_file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return mapped == MAP_FAILED ? NULL : mapped;
}

/* Whoever reads when the guest has ended cannot ask the kernel any more where the code lay. */
static void on_exit_of_guest(qemu_plugin_id id, void *path) {
    char part[4096];
    size_t n;
    FILE *from = fopen("/proc/self/maps", "re"), *to = fopen(path, "we");
    (void)id;
    if (!from || !to) {
        fprintf(stderr, "count_blocks: %s: %s\n", (char *)path, strerror(errno));
        abort();
    }
    while ((n = fread(part, 1, sizeof part, from)) > 0)
        fwrite(part, 1, n, to);
    fclose(from);
    fclose(to);
}

int qemu_plugin_install(qemu_plugin_id id, const struct qemu_info *info, int argc, char **argv) {
    static const char counts_at[] = "counts=";
    is_a64 = strcmp(info->target_name, "aarch64") == 0;
    if (argc != 1 || strncmp(argv[0], counts_at, sizeof counts_at - 1) != 0) {
        fprintf(stderr, "count_blocks: expected one argument, counts=PATH\n");
        return 1;
    }
    counts = map_file(argv[0] + sizeof counts_at - 1);
    if (!counts)
        return 1;
    snprintf(maps_path, sizeof maps_path, "%s.maps", argv[0] + sizeof counts_at - 1);
    counts->header.magic = MAGIC;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_of_guest, maps_path);
    return 0;
}
