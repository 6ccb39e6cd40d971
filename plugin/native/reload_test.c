#include "native/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "native/command_line.h"
#include "native/config.h"
#include "native/log.h"
#include "native/torrc.h"
#include "support/test.h"

#define NETWORK                                                                     \
    "DirAuthority a1 v3ident=0123456789ABCDEF0123456789ABCDEF01234567 127.0.0.1:1 " \
    "0123456789ABCDEF0123456789ABCDEF01234568\nDataDirectory /tmp/none\nORPort 9001\n"

struct rig {
    char torrc[64], log[80];
    struct command_line line;
    struct config *config;
};

/* A torrc with these lines at its end, and one for a log of this level unless it is NULL. */
static void write_torrc(const struct rig *rig, const char *lines, const char *log_level) {
    FILE *file = fopen(rig->torrc, "w");
    assert_non_null(file);
    fprintf(file, "%s%s", NETWORK, lines);
    if (log_level != NULL)
        fprintf(file, "Log %s file %s\n", log_level, rig->log);
    assert_int_equal(fclose(file), 0);
}

static void open_rig(struct rig *rig) {
    struct complaint complaint = {""};
    *rig = (struct rig){.torrc = "/tmp/loom-reload-XXXXXX"};
    close(mkstemp(rig->torrc));
    snprintf(rig->log, sizeof rig->log, "%s.log", rig->torrc);
    rig->line.torrc = rig->torrc;
    write_torrc(rig, "Nickname first\nContactInfo old\nMyFamily 0123456789ABCDEF0123456789ABCDEF01234567\n",
                NULL);
    rig->config = config_new();
    assert_true(torrc_load(&rig->line, rig->config, &complaint));
    assert_true(config_check(rig->config, true, &complaint));
}

static void close_rig(struct rig *rig) {
    log_start_silent();
    config_free(rig->config);
    unlink(rig->torrc);
    unlink(rig->log);
}

static void log_contact_and_family_change_and_nothing_else(void **state) {
    struct complaint complaint = {""};
    struct rig rig;
    (void)state;
    open_rig(&rig);
    write_torrc(&rig, "Nickname second\nContactInfo new\nBandwidthRate 1 MByte\n", "info");
    uint64_t rate = rig.config->bandwidth_rate;
    assert_true(reload_config(rig.config, &rig.line, &complaint));
    assert_string_equal(rig.config->contact, "new");
    assert_int_equal(rig.config->family_count, 0);
    assert_int_equal(rig.config->log_count, 1);
    assert_true(log_is_on(LOG_LEVEL_INFO));
    assert_int_equal(access(rig.log, F_OK), 0);
    assert_string_equal(rig.config->nickname, "first");
    assert_int_equal(rig.config->bandwidth_rate, rate);
    write_torrc(&rig, "ContactInfo newer\n", NULL); /* the log goes back to what it is without a line */
    assert_true(reload_config(rig.config, &rig.line, &complaint));
    assert_false(log_is_on(LOG_LEVEL_INFO));
    close_rig(&rig);
}

static void a_wrong_file_changes_nothing(void **state) {
    struct complaint complaint = {""};
    struct rig rig;
    (void)state;
    open_rig(&rig);
    write_torrc(&rig, "ContactInfo new\nBandwidthRate much\n", NULL);
    assert_false(reload_config(rig.config, &rig.line, &complaint));
    assert_non_null(strstr(complaint.text, "BandwidthRate"));
    write_torrc(&rig, "ContactInfo new\nLog notice file /nowhere/at/all\n", NULL);
    assert_false(reload_config(rig.config, &rig.line, &complaint));
    assert_string_equal(rig.config->contact, "old");
    assert_int_equal(rig.config->family_count, 1);
    close_rig(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_contact_and_family_change_and_nothing_else),
        cmocka_unit_test(a_wrong_file_changes_nothing),
    };
    log_start_silent();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
