#include "native/keys.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/link_facts.h"
#include "crypt/certificates.h"
#include "native/folder.h"
#include "native/key_files.h"
#include "native/openssl_provider.h"
#include "support/test.h"
#include "wire/descriptor.h"

#define NOW_S UINT64_C(1800000000)
#define DAY_S UINT64_C(86400)
#define KILLS 25

static char data[64];
static char key_folder[80];
static struct keys_place place = {.data_directory = data,
                                  .key_directory = key_folder,
                                  .nickname = "loom",
                                  .signing_lifetime_s = 30 * 86400};

static int set_up(void **state) {
    (void)state;
    snprintf(data, sizeof(data), "/tmp/loom-keys-test-XXXXXX");
    if (!mkdtemp(data))
        return -1;
    snprintf(key_folder, sizeof(key_folder), "%s/keys", data);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    return folder_remove(data) ? 0 : -1;
}

static struct keys *open_good(uint64_t now_s) {
    struct complaint complaint = {""};
    struct keys *keys = keys_open(&place, openssl_provider(), now_s, &complaint);
    if (!keys)
        fail_msg("%s", complaint.text);
    return keys;
}

static void key_path(char out[static 160], const char *name) {
    snprintf(out, 160, "%s/%s", key_folder, name);
}

/* In the order in which the first start makes them. */
static const char *const all_files[] = {"keys/secret_id_key",
                                        "keys/ed25519_master_id_secret_key",
                                        "keys/ed25519_master_id_public_key",
                                        "fingerprint",
                                        "fingerprint-ed25519",
                                        "keys/ed25519_signing_secret_key",
                                        "keys/ed25519_signing_cert",
                                        "keys/secret_onion_key",
                                        "keys/secret_onion_key_ntor"};

/* Which may be gone already. */
static void remove_file(const char *name) {
    char path[160];
    snprintf(path, sizeof path, "%s/%s", data, name);
    assert_true(unlink(path) == 0 || !key_file_is_there(data, name));
}

static void made_once_and_kept(void **state) {
    (void)state;
    uint8_t rsa[20], ed[32];
    struct ntor_server_keys before, after;
    struct keys *keys = open_good(NOW_S);
    memcpy(rsa, keys_rsa_id(keys), sizeof(rsa));
    memcpy(ed, keys_ed_id(keys), sizeof(ed));
    keys_ntor(keys, &before);
    keys_close(keys);

    keys = open_good(NOW_S + DAY_S);
    keys_ntor(keys, &after);
    assert_memory_equal(rsa, keys_rsa_id(keys), sizeof(rsa));
    assert_memory_equal(ed, keys_ed_id(keys), sizeof(ed));
    assert_int_equal(after.onion_count, 1);
    assert_memory_equal(&before.onion[0], &after.onion[0], sizeof(before.onion[0]));
    keys_close(keys);
}

static void tor_would_find_its_files(void **state) {
    (void)state;
    static const struct {
        const char *name;
        const char *head;
        off_t size;
    } files[] = {
        {"keys/secret_id_key", "-----BEGIN RSA PRIVATE KEY-----\n", 0},
        {"keys/secret_onion_key", "-----BEGIN RSA PRIVATE KEY-----\n", 0},
        {"keys/ed25519_master_id_secret_key", "== ed25519v1-secret: type0 ==", 96},
        {"keys/ed25519_master_id_public_key", "== ed25519v1-public: type0 ==", 64},
        {"keys/ed25519_signing_secret_key", "== ed25519v1-secret: type4 ==", 96},
        {"keys/ed25519_signing_cert", "== ed25519v1-cert: type4 ==", 172},
        {"keys/secret_onion_key_ntor", "== c25519v1: onion ==", 96},
        {"fingerprint", "loom ", 46},
        {"fingerprint-ed25519", "loom ", 49},
    };
    keys_close(open_good(NOW_S));
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[160];
        char head[64] = "";
        struct stat st;
        snprintf(path, sizeof(path), "%s/%s", data, files[i].name);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        if (files[i].size)
            assert_int_equal(st.st_size, files[i].size);
        FILE *f = fopen(path, "r");
        assert_non_null(f);
        assert_int_equal(fread(head, 1, strlen(files[i].head), f), strlen(files[i].head));
        assert_string_equal(head, files[i].head);
        fclose(f);
    }
    /* tor takes the stored curve25519 secret as a scalar without clamping it. */
    char path[160];
    uint8_t content[96];
    key_path(path, "secret_onion_key_ntor");
    FILE *f = fopen(path, "r");
    assert_int_equal(fread(content, 1, sizeof(content), f), sizeof(content));
    fclose(f);
    assert_int_equal(content[32] & 7, 0);
    assert_int_equal(content[63] & 0xc0, 0x40);
}

static void only_one_at_a_time(void **state) {
    (void)state;
    struct complaint complaint = {""};
    struct keys *keys = open_good(NOW_S);
    assert_null(keys_open(&place, openssl_provider(), NOW_S, &complaint));
    assert_non_null(strstr(complaint.text, "one runs with this data directory"));
    keys_close(keys);
    keys_close(open_good(NOW_S));
}

static void a_damaged_file_is_a_complaint_and_stays(void **state) {
    (void)state;
    static const char *const names[] = {"secret_id_key",
                                        "ed25519_master_id_secret_key",
                                        "ed25519_master_id_public_key",
                                        "ed25519_signing_secret_key",
                                        "ed25519_signing_cert",
                                        "secret_onion_key_ntor"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[160];
        struct complaint complaint = {""};
        struct stat st;
        uint8_t content[2048];
        size_t length;
        keys_close(open_good(NOW_S));
        key_path(path, names[i]);
        assert_int_equal(key_file_read(key_folder, names[i], content, sizeof content, &length, &complaint),
                         KEY_FILE_READ);
        assert_int_equal(truncate(path, (off_t)length - 20), 0);
        assert_null(keys_open(&place, openssl_provider(), NOW_S, &complaint));
        assert_non_null(strstr(complaint.text, names[i]));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, length - 20);
        assert_true(key_file_write(key_folder, names[i], (struct span){content, length}, &complaint));
    }
    keys_close(open_good(NOW_S));
}

/* Each of what shows that the relay has run before is enough. */
static void a_lost_identity_is_not_made_anew(void **state) {
    (void)state;
    static const struct {
        const char *lost, *shows;
    } table[] = {
        {"keys/secret_id_key", "fingerprint"},
        {"keys/secret_id_key", "keys/secret_onion_key"},
        {"keys/secret_id_key", "keys/secret_onion_key_ntor"},
        {"keys/ed25519_master_id_secret_key", "fingerprint-ed25519"},
        {"keys/ed25519_master_id_secret_key", "keys/ed25519_master_id_public_key"},
        {"keys/ed25519_master_id_secret_key", "keys/ed25519_signing_secret_key"},
        {"keys/ed25519_master_id_secret_key", "keys/ed25519_signing_cert"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct complaint complaint = {""};
        bool is_rsa_lost = i < 3;
        keys_close(open_good(NOW_S));
        for (size_t k = is_rsa_lost ? 0 : 1; k < COUNT(all_files); k++)
            if (strcmp(all_files[k], table[i].shows) != 0)
                remove_file(all_files[k]);
        assert_null(keys_open(&place, openssl_provider(), NOW_S, &complaint));
        assert_non_null(strstr(complaint.text, table[i].lost));
        assert_non_null(strstr(complaint.text, table[i].shows));
        assert_false(key_file_is_there(data, table[i].lost));
        for (size_t k = 0; k < COUNT(all_files); k++)
            remove_file(all_files[k]);
    }
}

static void renewal(void **state) {
    (void)state;
    struct complaint complaint = {""};
    unsigned changes;
    struct ntor_server_keys before, after;
    uint64_t now_s = (uint64_t)time(NULL); /* the ntor key's age is its file's */
    struct keys *keys = open_good(now_s);
    keys_ntor(keys, &before);
    assert_true(keys_renew(keys, now_s + 27 * DAY_S, &changes, &complaint));
    assert_int_equal(changes, 0);
    assert_true(keys_renew(keys, now_s + 30 * DAY_S, &changes, &complaint));
    assert_int_equal(changes, KEYS_CHANGED_SIGNING | KEYS_CHANGED_ONION);
    keys_ntor(keys, &after);
    assert_int_equal(after.onion_count, 2);
    assert_memory_equal(&after.onion[1], &before.onion[0], sizeof(before.onion[0]));
    assert_memory_not_equal(&after.onion[0], &before.onion[0], sizeof(before.onion[0]));
    assert_true(keys_renew(keys, now_s + 37 * DAY_S, &changes, &complaint));
    assert_int_equal(changes, KEYS_CHANGED_ONION_GRACE);
    keys_close(keys);

    /* Started again, both are there, for as long as the files say. */
    keys = open_good((uint64_t)time(NULL));
    keys_ntor(keys, &after);
    assert_int_equal(after.onion_count, 2);
    assert_memory_equal(&after.onion[1], &before.onion[0], sizeof(before.onion[0]));
    keys_close(keys);
}

static void the_consensus_says_how_long_an_onion_key_lives(void **state) {
    (void)state;
    struct complaint complaint = {""};
    unsigned changes;
    uint64_t now_s = (uint64_t)time(NULL);
    struct keys *keys = open_good(now_s);
    struct ntor_server_keys ntor;
    keys_set_onion_periods(keys, 60 * DAY_S, 3 * DAY_S);
    assert_true(keys_renew(keys, now_s + 59 * DAY_S, &changes, &complaint));
    assert_false(changes & KEYS_CHANGED_ONION);
    assert_true(keys_renew(keys, now_s + 60 * DAY_S + 1, &changes, &complaint));
    assert_true(changes & KEYS_CHANGED_ONION);
    assert_true(keys_renew(keys, now_s + 62 * DAY_S, &changes, &complaint));
    keys_ntor(keys, &ntor);
    assert_int_equal(ntor.onion_count, 2); /* still accepted */
    assert_true(keys_renew(keys, now_s + 64 * DAY_S, &changes, &complaint));
    assert_true(changes & KEYS_CHANGED_ONION_GRACE);
    keys_close(keys);
}

static void credentials_convince_a_peer(void **state) {
    (void)state;
    const struct crypt_provider *crypt = openssl_provider();
    static const uint8_t certificate[32] = {1, 2, 3};
    const struct endpoint advertised[2] = {{{ADDRESS_IPV4, {127, 0, 0, 1}}, 9001}};
    struct complaint complaint = {""};
    struct peer_identity peer;
    struct keys *keys = open_good(NOW_S);
    struct link_credentials *c = keys_credentials_new(keys, certificate, advertised, NOW_S, &complaint);
    assert_non_null(c);
    assert_int_equal(certificates_check_responder(crypt, &c->as_responder, certificate, NOW_S, &peer),
                     ERR_OK);
    assert_memory_equal(peer.rsa_id, keys_rsa_id(keys), 20);
    assert_memory_equal(peer.ed_id, keys_ed_id(keys), 32);
    assert_int_equal(certificates_check_initiator(crypt, &c->as_initiator, NOW_S + DAY_S, &peer), ERR_OK);
    assert_true(peer.has_authenticate_key);
    assert_int_equal(certificates_check_initiator(crypt, &c->as_initiator, NOW_S + 4 * DAY_S, &peer),
                     ERR_EXPIRED);
    keys_credentials_free(c);
    keys_close(keys);
}

/* A child makes and renews keys until it is killed; what is left must start, as the same relay. */
static void killed_at_any_moment(void **state) {
    (void)state;
    uint8_t rsa[20];
    bool has_identity = false;
    for (unsigned i = 0; i < KILLS; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct complaint complaint;
            unsigned changes;
            struct keys *keys = keys_open(&place, openssl_provider(), NOW_S, &complaint);
            for (uint64_t day = 0; keys && day < 100000; day += 40)
                if (!keys_renew(keys, (uint64_t)time(NULL) + day * DAY_S, &changes, &complaint))
                    break;
            _exit(1);
        }
        usleep(1000 + i * 4000);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        char path[160];
        struct stat st;
        key_path(path, "secret_id_key");
        bool had_identity = stat(path, &st) == 0;
        struct keys *keys = open_good((uint64_t)time(NULL));
        if (has_identity)
            assert_memory_equal(rsa, keys_rsa_id(keys), sizeof(rsa));
        assert_true(had_identity || !has_identity);
        memcpy(rsa, keys_rsa_id(keys), sizeof(rsa));
        has_identity = true;
        keys_close(keys);
    }
}

/* Between any two writes of the first start: delete all but the first n files. */
static void stopped_between_writes(void **state) {
    (void)state;
    for (size_t n = 0; n <= COUNT(all_files); n++) {
        uint8_t rsa[20];
        struct keys *keys = open_good(NOW_S);
        memcpy(rsa, keys_rsa_id(keys), sizeof(rsa));
        keys_close(keys);
        for (size_t i = n; i < COUNT(all_files); i++)
            remove_file(all_files[i]);
        keys = open_good(NOW_S);
        if (n > 0)
            assert_memory_equal(rsa, keys_rsa_id(keys), sizeof(rsa));
        keys_close(keys);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(made_once_and_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tor_would_find_its_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_one_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_a_complaint_and_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lost_identity_is_not_made_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(renewal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_consensus_says_how_long_an_onion_key_lives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(credentials_convince_a_peer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_at_any_moment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopped_between_writes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
