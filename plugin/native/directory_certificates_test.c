#include "native/directory_certificates.h"

#include <time.h>

#include "native/archive.h"
#include "native/config.h"
#include "native/openssl_provider.h"
#include "support/fake_authority.h"
#include "support/test.h"

#define ROOM 16384u

struct rig {
    struct fake_authority known, stranger;
    struct config *config;
    uint64_t now_s;
    uint8_t room[ROOM];
    struct bytes_out text;
    struct archive_table *table;
};

static void open_rig(struct rig *rig) {
    *rig = (struct rig){.config = config_new(), .now_s = (uint64_t)time(NULL)};
    rig->text = bytes_out(rig->room, ROOM);
    fake_authority_init(&rig->known);
    fake_authority_init(&rig->stranger);
    fake_authority_configure(&rig->known, rig->config, 1);
}

static void close_rig(struct rig *rig) {
    archive_table_drop(rig->table);
    fake_authority_fini(&rig->known);
    fake_authority_fini(&rig->stranger);
    config_free(rig->config);
}

/* What was put into text comes; how many certificates there are then. */
static uint32_t merge(struct rig *rig) {
    const struct span text = {rig->room, bytes_written(&rig->text)};
    struct archive_table *next =
        directory_certificates_merge(rig->config, openssl_provider(), rig->table, text, rig->now_s);
    assert_non_null(next);
    archive_table_drop(rig->table);
    rig->table = next;
    rig->text = bytes_out(rig->room, ROOM);
    return next->count;
}

static void only_good_ones_of_our_authorities_are_kept(void **state) {
    struct rig rig;
    (void)state;
    open_rig(&rig);
    fake_put_certificate(&rig.text, &rig.stranger, rig.stranger.signing, rig.now_s - 10, rig.now_s + 100000);
    fake_put_certificate(&rig.text, &rig.known, rig.stranger.signing, rig.now_s - 10,
                         rig.now_s + 100000); /* forged */
    assert_int_equal(merge(&rig), 0);
    fake_put_certificate(&rig.text, &rig.known, rig.known.signing, rig.now_s - 10, rig.now_s + 100000);
    assert_int_equal(merge(&rig), 1);
    assert_memory_equal(rig.table->items[0].id, rig.known.identity_id, 20);
    close_rig(&rig);
}

static void what_does_not_come_again_stays(void **state) {
    struct rig rig;
    (void)state;
    open_rig(&rig);
    fake_put_certificate(&rig.text, &rig.known, rig.known.signing, rig.now_s - 10, rig.now_s + 100000);
    assert_int_equal(merge(&rig), 1);
    fake_authority_configure(&rig.stranger, rig.config, 1); /* no stranger any more */
    fake_put_certificate(&rig.text, &rig.stranger, rig.stranger.signing, rig.now_s - 10, rig.now_s + 100000);
    assert_int_equal(merge(&rig), 2);
    assert_int_equal(merge(&rig), 2); /* nothing came */
    fake_put_certificate(&rig.text, &rig.known, rig.known.signing, rig.now_s - 10, rig.now_s + 100000);
    assert_int_equal(merge(&rig), 2); /* the same again */
    close_rig(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_good_ones_of_our_authorities_are_kept),
        cmocka_unit_test(what_does_not_come_again_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
