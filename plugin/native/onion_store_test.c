#include "native/onion_store.h"

#include "crypt/symbolic.h"
#include "native/document.h"
#include "support/onion_text.h"
#include "support/test.h"
#include "support/test_memory.h"

#define NOW ONION_TEXT_NOW_S

static struct symbolic symbolic;
static struct onion_text text;

struct fixture {
    struct test_memory memory;
    const struct crypt_provider *crypt;
    struct onion_store *store;
};

static void set_up(struct fixture *f, size_t bytes_max) {
    f->crypt = symbolic_provider(&symbolic, 1);
    test_memory_init(&f->memory);
    f->store = onion_store_new(f->crypt, &f->memory.memory, bytes_max);
    assert_non_null(f->store);
}

static void tear_down(struct fixture *f) {
    onion_store_free(f->store);
    test_memory_fini(&f->memory);
}

static struct onion_text_plan plan_of(uint8_t number) {
    struct onion_text_plan plan;
    onion_text_plan_init(&plan, number);
    symbolic_ed25519_public(plan.blinded_seed, plan.blinded_key);
    symbolic_ed25519_public(plan.signing_seed, plan.signing_key);
    return plan;
}

static enum err publish(struct fixture *f, const struct onion_text_plan *plan, uint64_t now_s) {
    onion_text_make(f->crypt, plan, &text);
    return onion_store_publish(f->store, now_s, onion_text_span(&text));
}

static bool has(struct fixture *f, const struct onion_text_plan *plan, uint64_t now_s) {
    struct document *found = onion_store_find(f->store, now_s, plan->blinded_key);
    bool is_there = found != NULL;
    document_drop(found);
    return is_there;
}

static void what_is_published_is_found(UNUSED void **state) {
    struct fixture f;
    struct onion_text_plan plan = plan_of(1), other = plan_of(2);
    set_up(&f, ONION_STORE_BYTES_MAX);
    assert_int_equal(publish(&f, &plan, NOW), ERR_OK);
    struct document *found = onion_store_find(f.store, NOW, plan.blinded_key);
    assert_non_null(found);
    assert_int_equal(found->length, text.length);
    assert_memory_equal(found->bytes, text.bytes, text.length);
    assert_false(has(&f, &other, NOW));
    assert_int_equal(onion_store_load(f.store).descriptors, 1);
    tear_down(&f);
    assert_memory_equal(found->bytes, text.bytes, text.length); /* who sends it still has it */
    document_drop(found);
}

static void revisions_only_grow(UNUSED void **state) {
    struct fixture f;
    struct onion_text_plan plan = plan_of(1);
    set_up(&f, ONION_STORE_BYTES_MAX);
    assert_int_equal(publish(&f, &plan, NOW), ERR_OK);
    assert_int_equal(publish(&f, &plan, NOW), ERR_STALE);
    plan.revision = 9;
    assert_int_equal(publish(&f, &plan, NOW), ERR_STALE);
    plan.revision = 11;
    plan.sealed_length = 500;
    assert_int_equal(publish(&f, &plan, NOW), ERR_OK);
    struct document *found = onion_store_find(f.store, NOW, plan.blinded_key);
    assert_int_equal(found->length, text.length);
    document_drop(found);
    assert_int_equal(onion_store_load(f.store).descriptors, 1);
    tear_down(&f);
}

static void what_is_not_proved_is_not_kept(UNUSED void **state) {
    struct fixture f;
    struct onion_text_plan plan = plan_of(1);
    set_up(&f, ONION_STORE_BYTES_MAX);
    onion_text_make(f.crypt, &plan, &text);
    text.bytes[text.length - 2] ^= 4;
    assert_int_equal(onion_store_publish(f.store, NOW, onion_text_span(&text)), ERR_BAD_SIGNATURE);
    assert_int_equal(publish(&f, &plan, plan.expires_hours * UINT64_C(3600) + 1), ERR_EXPIRED);
    assert_int_equal(onion_store_publish(f.store, NOW, (struct span){text.bytes, 50}), ERR_TRUNCATED);
    assert_int_equal(onion_store_load(f.store).descriptors, 0);
    tear_down(&f);
}

static void too_long_is_refused(UNUSED void **state) {
    struct fixture f;
    struct onion_text_plan plan = plan_of(1);
    set_up(&f, ONION_STORE_BYTES_MAX);
    plan.sealed_length = 37000;
    assert_int_equal(publish(&f, &plan, NOW), ERR_LIMIT);
    assert_true(text.length > ONION_DESCRIPTOR_LENGTH_MAX);
    plan.sealed_length = 1000;
    onion_text_make(f.crypt, &plan, &text);
    onion_store_set_length_max(f.store, text.length);
    assert_int_equal(publish(&f, &plan, NOW), ERR_LIMIT);
    onion_store_set_length_max(f.store, text.length + 1);
    assert_int_equal(publish(&f, &plan, NOW), ERR_OK);
    tear_down(&f);
}

static void lifetimes_end(UNUSED void **state) {
    struct fixture f;
    struct onion_text_plan plan = plan_of(1), other = plan_of(2);
    set_up(&f, ONION_STORE_BYTES_MAX);
    assert_int_equal(publish(&f, &plan, NOW), ERR_OK);
    assert_true(has(&f, &plan, NOW + 180 * 60 - 1));
    assert_false(has(&f, &plan, NOW + 180 * 60));
    assert_int_equal(onion_store_load(f.store).descriptors, 1);
    assert_int_equal(publish(&f, &other, NOW + 180 * 60), ERR_OK); /* who comes sweeps */
    assert_int_equal(onion_store_load(f.store).descriptors, 1);
    plan.revision = 1; /* its past is forgotten */
    assert_int_equal(publish(&f, &plan, NOW + 180 * 60), ERR_OK);
    tear_down(&f);
}

/* Room for three; the one that somebody has asked for stays, whatever comes. */
static void a_flood_drives_out_itself(UNUSED void **state) {
    struct fixture f;
    struct onion_text_plan wanted = plan_of(200), plan;
    set_up(&f, ONION_STORE_BYTES_MAX);
    assert_int_equal(publish(&f, &wanted, NOW), ERR_OK);
    size_t one = onion_store_load(f.store).bytes;
    tear_down(&f);
    set_up(&f, 3 * one + one / 2);
    assert_int_equal(publish(&f, &wanted, NOW), ERR_OK);
    assert_true(has(&f, &wanted, NOW));
    for (uint8_t i = 0; i < 100; i++) {
        plan = plan_of(i);
        assert_int_equal(publish(&f, &plan, NOW), ERR_OK);
        assert_true(onion_store_load(f.store).bytes <= 3 * one + one / 2);
    }
    assert_int_equal(onion_store_load(f.store).descriptors, 3);
    wanted.revision++;
    assert_int_equal(publish(&f, &wanted, NOW), ERR_OK); /* its next revision is wanted too */
    for (uint8_t i = 100; i < 110; i++) {
        plan = plan_of(i);
        assert_int_equal(publish(&f, &plan, NOW), ERR_OK);
    }
    assert_true(has(&f, &wanted, NOW));
    for (uint8_t i = 120; i < 125;
         i++) { /* all of them wanted: the one that was asked for longest ago goes */
        plan = plan_of(i);
        assert_int_equal(publish(&f, &plan, NOW), ERR_OK);
        assert_true(has(&f, &plan, NOW));
    }
    assert_false(has(&f, &wanted, NOW));
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_is_found),
        cmocka_unit_test(revisions_only_grow),
        cmocka_unit_test(what_is_not_proved_is_not_kept),
        cmocka_unit_test(too_long_is_refused),
        cmocka_unit_test(lifetimes_end),
        cmocka_unit_test(a_flood_drives_out_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
