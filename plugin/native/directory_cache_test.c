#include "native/directory_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "native/config.h"
#include "support/test.h"
#include "wire/text.h"

static void kept_and_bounded(void **state) {
    (void)state;
    char folder[] = "/tmp/loom-directory-cache-XXXXXX";
    char path[128];
    struct directory_cache_text text;
    struct config *config = config_new();
    assert_non_null(mkdtemp(folder));
    config->data_directory = strdup(folder);
    assert_false(directory_cache_read(config, DIRECTORY_CACHE_CONSENSUS, 100, &text));
    directory_cache_write(config, DIRECTORY_CACHE_CONSENSUS, span_of("a document"));
    assert_true(directory_cache_read(config, DIRECTORY_CACHE_CONSENSUS, 10, &text));
    assert_true(span_is(text.span, "a document"));
    directory_cache_text_free(&text);
    assert_false(directory_cache_read(config, DIRECTORY_CACHE_CONSENSUS, 9, &text));
    directory_cache_text_free(&text);
    snprintf(path, sizeof(path), "%s/%s", folder, DIRECTORY_CACHE_CONSENSUS);
    unlink(path);
    rmdir(folder);
    directory_cache_write(config, DIRECTORY_CACHE_CONSENSUS, span_of("nowhere to go"));
    config_free(config);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(kept_and_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
