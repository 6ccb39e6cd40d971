/* qemu_plugin_api - the few functions of qemu's plugin interface (version 1: qemu 4.2 to 8.2) that we call.
 *
 * Debian ships qemu with plugins, but not its header; the declarations here are written from the interface's
 * documentation. qemu calls the plugin on the thread that runs the guest's thread. */
#ifndef LOOM_INSTRUCTIONS_QEMU_PLUGIN_API_H
#define LOOM_INSTRUCTIONS_QEMU_PLUGIN_API_H

#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_EXPORT  __attribute__((visibility("default")))
#define QEMU_PLUGIN_VERSION 1

typedef uint64_t qemu_plugin_id;

struct qemu_info {
    const char *target_name; /* "aarch64", "arm"; more follows that we do not look at */
};
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

typedef void (*qemu_plugin_vcpu_tb_trans_cb)(qemu_plugin_id id, struct qemu_plugin_tb *block);
typedef void (*qemu_plugin_vcpu_udata_cb)(unsigned vcpu, void *userdata);

typedef void (*qemu_plugin_udata_cb)(qemu_plugin_id id, void *userdata);

void qemu_plugin_register_atexit_cb(qemu_plugin_id id, qemu_plugin_udata_cb callback, void *userdata);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id id, qemu_plugin_vcpu_tb_trans_cb callback);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, qemu_plugin_vcpu_udata_cb callback,
                                          enum qemu_plugin_cb_flags flags, void *userdata);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *instruction);

/* What qemu looks for in a plugin. */
QEMU_PLUGIN_EXPORT extern int qemu_plugin_version;
QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id id, const struct qemu_info *info, int argc,
                                           char **argv);

#endif
