#include "files/whole_io.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "support/test.h"

#define SIZE 1000000u /* more than a pipe holds */

static char sent[SIZE], received[SIZE];

static void *write_all(void *argument) {
    const int *fd = argument;
    assert_true(whole_write(*fd, sent, SIZE));
    close(*fd);
    return NULL;
}

static void all_of_it_goes_through_a_pipe(void **state) {
    int ends[2];
    char more;
    pthread_t writer;
    (void)state;
    for (unsigned i = 0; i < SIZE; i++)
        sent[i] = (char)(i * 7);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_all, &ends[1]), 0);
    assert_true(whole_read(ends[0], received, SIZE));
    assert_memory_equal(sent, received, SIZE);
    assert_false(whole_read(ends[0], &more, 1)); /* its end */
    assert_true(whole_read(ends[0], &more, 0));
    assert_int_equal(pthread_join(writer, NULL), 0);
    close(ends[0]);
}

static void half_of_it_is_a_failure(void **state) {
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_true(whole_write(ends[1], "half", 4));
    close(ends[1]);
    assert_false(whole_read(ends[0], received, 8));
    close(ends[0]);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_false(whole_write(ends[1], "nobody reads", 12));
    close(ends[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_goes_through_a_pipe),
        cmocka_unit_test(half_of_it_is_a_failure),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
