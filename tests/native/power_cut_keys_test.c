/* What a power cut, or a disk that lies about what it has written, may leave of the keys: the relay starts as who it was, or it
 * refuses with one line that names the file, and touches nothing. It is never somebody else. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "native/folder.h"
#include "native/kept_files.h"
#include "native/key_files.h"
#include "native/keys.h"
#include "native/openssl_provider.h"
#include "support/scratch.h"
#include "support/test.h"

enum {
    RSA,
    MASTER,
    MASTER_PUBLIC,
    SIGNING,
    SIGNING_CERT,
    FINGERPRINT,
    FINGERPRINT_ED,
    TAP,
    ONION,
    ONION_OLD,
    FILES,
};

static const char *const names[FILES] = {
    [RSA] = "keys/secret_id_key",
    [MASTER] = "keys/ed25519_master_id_secret_key",
    [MASTER_PUBLIC] = "keys/ed25519_master_id_public_key",
    [SIGNING] = "keys/ed25519_signing_secret_key",
    [SIGNING_CERT] = "keys/ed25519_signing_cert",
    [FINGERPRINT] = "fingerprint",
    [FINGERPRINT_ED] = "fingerprint-ed25519",
    [TAP] = "keys/secret_onion_key",
    [ONION] = "keys/secret_onion_key_ntor",
    [ONION_OLD] = "keys/secret_onion_key_ntor.old",
};

/* For people: written anew from the keys whenever they are not what they should be. */
static bool is_for_people(size_t i) {
    return i == FINGERPRINT || i == FINGERPRINT_ED;
}

static bool is_pem(size_t i) {
    return i == RSA || i == TAP;
}

/* Without them the relay is still who it was, so they are made anew when they are gone. */
static bool may_be_made_anew(size_t i) {
    return is_for_people(i) || i == MASTER_PUBLIC || i == SIGNING || i == SIGNING_CERT || i == TAP ||
           i == ONION || i == ONION_OLD;
}

static char data[64], key_folder[80];
static const struct keys_place place = {.data_directory = data,
                                        .key_directory = key_folder,
                                        .nickname = "loom",
                                        .signing_lifetime_s = 30 * 86400};
static struct kept_files kept;
static uint8_t rsa_id[20], ed_id[32];
static uint64_t now_s;

static struct keys *open_keys(struct complaint *complaint) {
    complaint->text[0] = '\0';
    return keys_open(&place, openssl_provider(), now_s, complaint);
}

/* Keys that have been in use: the onion key has changed once. */
static int set_up(void **state) {
    struct complaint complaint;
    unsigned changes = 0;
    (void)state;
    now_s = (uint64_t)time(NULL);
    if (!scratch_folder("loom-power-cut", data, sizeof data))
        return -1;
    snprintf(key_folder, sizeof key_folder, "%s/keys", data);
    struct keys *keys = open_keys(&complaint);
    assert_non_null(keys);
    memcpy(rsa_id, keys_rsa_id(keys), sizeof rsa_id);
    memcpy(ed_id, keys_ed_id(keys), sizeof ed_id);
    assert_true(keys_renew(keys, now_s + KEYS_ONION_LIFETIME_S, &changes, &complaint));
    assert_true(changes & KEYS_CHANGED_ONION);
    keys_close(keys);
    kept_files_take(&kept, data, names, FILES);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    kept_files_drop(&kept);
    return folder_remove(data) ? 0 : -1;
}

static bool is_who_it_was(const struct keys *keys) {
    return memcmp(keys_rsa_id(keys), rsa_id, sizeof rsa_id) == 0 &&
           memcmp(keys_ed_id(keys), ed_id, sizeof ed_id) == 0;
}

static void check_one_line(const struct complaint *complaint, const char *name) {
    assert_non_null(strstr(complaint->text, name));
    assert_null(strchr(complaint->text, '\n'));
    assert_true(strlen(complaint->text) < sizeof complaint->text - 1); /* not cut */
}

/* Start with file i damaged; what is well must stay so. True when it starts. */
static bool start_with(size_t i) {
    struct complaint complaint;
    struct keys *keys = open_keys(&complaint);
    if (keys)
        assert_true(is_who_it_was(keys));
    else
        check_one_line(&complaint, names[i]);
    assert_true(keys || kept_files_are_untouched(&kept, i));
    keys_close(keys);
    return keys != NULL;
}

static void cut_at_each_length(void **state) {
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        size_t whole = kept.each[i].length, starts = 0, cuts = 0;
        for (size_t length = 0; length < whole; length = cut_next(length, whole)) {
            kept_file_cut(&kept, i, length);
            starts += start_with(i);
            cuts++;
            kept_file_cut(&kept, i, kept.each[i].length);
        }
        assert_true(cuts >= (whole < CUT_ALL ? whole : CUT_ALL));
        /* A PEM file is whole without its last line end. */
        if (is_for_people(i))
            assert_int_equal(starts, cuts);
        else
            assert_int_equal(starts, is_pem(i) ? 1 : 0);
    }
}

/* Blocks that were given to a file, and never written, are zeros. */
static void zeros_in_place_of_the_end(void **state) {
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        struct kept_file *file = &kept.each[i];
        uint8_t *good = file->bytes, *zeroed = calloc(1, file->length);
        assert_non_null(zeroed);
        for (size_t length = 0; length < file->length; length += 16) {
            memcpy(zeroed, good, length);
            file->bytes = zeroed;
            kept_file_cut(&kept, i, file->length);
            file->bytes = good;
            bool starts = start_with(i);
            /* PEM may lack its last line end; a certificate that is not the master's word is made anew. */
            if (starts && !is_for_people(i) && !is_pem(i) && i != SIGNING_CERT)
                fail_msg("%s: zeros from byte %zu on", names[i], length);
            kept_file_cut(&kept, i, kept.each[i].length);
        }
        free(zeroed);
    }
}

static void gone(void **state) {
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        kept_file_remove(&kept, i);
        assert_int_equal(start_with(i), may_be_made_anew(i));
        kept_file_cut(&kept, i, kept.each[i].length);
    }
}

/* Any number of files together, as when a folder is lost, or is on a disk that is not there: as long as anything
 * is left that shows who the relay was, it is that one or none. */
static void any_of_them_gone(void **state) {
    (void)state;
    static const size_t those[] = {RSA,          MASTER,      MASTER_PUBLIC,  SIGNING,
                                   SIGNING_CERT, FINGERPRINT, FINGERPRINT_ED, ONION};
    for (unsigned set = 1; set < 1u << COUNT(those); set++) {
        struct complaint complaint;
        bool is_gone[FILES] = {false};
        for (size_t k = 0; k < COUNT(those); k++) {
            if (!(set >> k & 1))
                continue;
            is_gone[those[k]] = true;
            kept_file_remove(&kept, those[k]);
        }
        struct keys *keys = open_keys(&complaint);
        bool shows_ed = !is_gone[MASTER] || !is_gone[MASTER_PUBLIC] || !is_gone[SIGNING] ||
                        !is_gone[SIGNING_CERT] || !is_gone[FINGERPRINT_ED];
        if (keys && shows_ed)
            assert_true(is_who_it_was(keys));
        else if (keys) /* of a relay that is as old as RSA: this is how it gets its Ed25519 identity */
            assert_memory_equal(keys_rsa_id(keys), rsa_id, sizeof rsa_id);
        else
            check_one_line(&complaint, "expected the identity key of this relay");
        assert_int_equal(keys != NULL, !is_gone[RSA] && (!is_gone[MASTER] || !shows_ed));
        keys_close(keys);
        kept_files_put_back(&kept);
    }
}

/* The power went while a file was written, or before it was renamed: the old one holds, whatever NAME.tmp has. */
static void a_temporary_file_is_left(void **state) {
    (void)state;
    struct complaint complaint;
    for (size_t i = 0; i < FILES; i++) {
        size_t whole = kept.each[i].length;
        for (size_t length = 0; length <= whole; length += whole / 3) {
            char name[80];
            snprintf(name, sizeof name, "%s.tmp", names[i]);
            assert_true(key_file_write(data, name, (struct span){kept.each[i].bytes, length}, &complaint));
            assert_true(start_with(i));
            assert_true(kept_files_are_untouched(&kept, FILES));
        }
    }
    /* And they are not in the way of what is written next. */
    struct keys *keys = open_keys(&complaint);
    unsigned changes = 0;
    assert_true(keys_renew(keys, now_s + 40 * UINT64_C(86400), &changes, &complaint));
    assert_true(is_who_it_was(keys));
    keys_close(keys);
    assert_true(start_with(FILES - 1));
}

/* Each write of a renewal went to the disk, or not: they were made one after the other, so the first n did. */
static void cut_while_keys_are_renewed(void **state) {
    (void)state;
    static const size_t order[] = {SIGNING, SIGNING_CERT, ONION_OLD, ONION};
    struct kept_files renewed;
    struct complaint complaint;
    unsigned changes = 0;
    struct keys *keys = open_keys(&complaint);
    assert_true(keys_renew(keys, now_s + 40 * UINT64_C(86400), &changes, &complaint));
    assert_int_equal(changes, KEYS_CHANGED_SIGNING | KEYS_CHANGED_ONION);
    keys_close(keys);
    kept_files_take(&renewed, data, names, FILES);
    for (size_t n = 0; n <= COUNT(order); n++) {
        struct ntor_server_keys ntor;
        kept_files_put_back(&kept);
        for (size_t k = 0; k < n; k++)
            kept_file_cut(&renewed, order[k], renewed.each[order[k]].length);
        keys = open_keys(&complaint);
        assert_non_null(keys);
        assert_true(is_who_it_was(keys));
        keys_ntor(keys, &ntor);
        assert_int_equal(ntor.onion_count, n == 3 ? 1 : 2); /* then both files have the same key */
        keys_close(keys);
    }
    kept_files_drop(&renewed);
}

/* With nothing left at all it is a new relay, which is what somebody wanted who has removed everything. */
static void nothing_is_left(void **state) {
    (void)state;
    struct complaint complaint;
    for (size_t i = 0; i < FILES; i++)
        kept_file_remove(&kept, i);
    struct keys *keys = open_keys(&complaint);
    assert_non_null(keys);
    assert_false(is_who_it_was(keys));
    keys_close(keys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cut_at_each_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(zeros_in_place_of_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_of_them_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_temporary_file_is_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cut_while_keys_are_renewed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_left, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
