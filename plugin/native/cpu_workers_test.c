#include "native/cpu_workers.h"

#include <poll.h>

#include "base/list.h"
#include "native/inbox.h"
#include "native/openssl_provider.h"
#include "native/task.h"
#include "support/test.h"

#define JOBS 50u

static struct ntor_server_keys make_keys(uint8_t id) {
    const struct crypt_provider *crypt = openssl_provider();
    struct ntor_server_keys keys = {.onion_count = 1};
    memset(keys.rsa_id, id, sizeof keys.rsa_id);
    crypt->x25519_keypair(crypt->context, keys.onion[0].secret, keys.onion[0].public);
    crypt->x25519_keypair(crypt->context, keys.junk.secret, keys.junk.public);
    return keys;
}

static struct job make_job(const struct ntor_server_keys *keys, half_id half,
                           struct ntor_client_state *client_out) {
    struct job job = {.half = half, .kind = JOB_NTOR_ANSWER, .data_length = NTOR_ONIONSKIN_LEN};
    ntor_client_create(openssl_provider(), keys->rsa_id, keys->onion[0].public, client_out, job.data);
    return job;
}

static struct message *wait_for_message(struct inbox *inbox) {
    struct message *message;
    while ((message = inbox_take_all(inbox)) == NULL) {
        struct pollfd wait = {.fd = inbox->wake_fd, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, 20000), 1);
        inbox_woken(inbox);
    }
    return message;
}

static void answers_as_the_client_expects(void **state) {
    struct inbox inbox;
    struct ntor_server_keys keys = make_keys(1);
    struct ntor_client_state clients[JOBS];
    (void)state;
    inbox_init(&inbox);
    struct cpu_workers *workers = cpu_workers_new(2, openssl_provider(), &keys);
    for (unsigned i = 0; i < JOBS; i++) {
        struct job job = make_job(&keys, i, &clients[i]);
        assert_true(cpu_workers_submit(workers, &job, &inbox));
    }
    for (unsigned got = 0; got < JOBS;) {
        for (struct message *message = wait_for_message(&inbox), *next; message != NULL; message = next) {
            struct circuit_keys at_client;
            const struct job_result *result = &message->result;
            assert_int_equal(result->error, ERR_OK);
            assert_int_equal(ntor_client_finish(openssl_provider(), &clients[result->half],
                                                (struct span){result->reply, result->reply_length},
                                                &at_client),
                             ERR_OK);
            assert_memory_equal(at_client.kh, result->keys.kh, NTOR_KH_LEN);
            next = message->next;
            message_free(message);
            got++;
        }
    }
    cpu_workers_free(workers);
    inbox_fini(&inbox);
}

/* One worker takes many jobs at once here: the results must be sorted by who asked, and stay in order. */
static void everybody_gets_their_own_in_order(void **state) {
    struct inbox inboxes[3];
    struct ntor_server_keys keys = make_keys(1);
    struct ntor_client_state client;
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        inbox_init(&inboxes[i]);
    struct cpu_workers *workers = cpu_workers_new(1, openssl_provider(), &keys);
    for (unsigned i = 0; i < 3 * JOBS; i++) {
        struct job job = make_job(&keys, i, &client);
        assert_true(cpu_workers_submit(workers, &job, &inboxes[i % 3]));
    }
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned got = 0; got < JOBS;) {
            for (struct message *message = wait_for_message(&inboxes[i]), *next; message != NULL;
                 message = next) {
                next = message->next;
                assert_int_equal(message->result.half, 3 * got + i);
                assert_int_equal(message->result.error, ERR_OK);
                message_free(message);
                got++;
            }
        }
        assert_null(inbox_take_all(&inboxes[i]));
    }
    cpu_workers_free(workers);
    for (unsigned i = 0; i < 3; i++)
        inbox_fini(&inboxes[i]);
}

static void new_keys_hold_for_new_jobs(void **state) {
    struct inbox inbox;
    struct ntor_server_keys old = make_keys(1), new = make_keys(2);
    struct ntor_client_state client;
    (void)state;
    inbox_init(&inbox);
    struct cpu_workers *workers = cpu_workers_new(1, openssl_provider(), &old);
    for (unsigned i = 0; i < 2; i++) {
        struct job job = make_job(&new, i, &client);
        assert_true(cpu_workers_submit(workers, &job, &inbox));
        struct message *message = wait_for_message(&inbox);
        assert_int_equal(message->result.error, i == 0 ? ERR_IDENTITY : ERR_OK);
        message_free(message);
        cpu_workers_set_keys(workers, &new);
    }
    cpu_workers_free(workers);
    inbox_fini(&inbox);
}

static void a_full_queue_refuses(void **state) {
    struct inbox inbox;
    struct ntor_server_keys keys = make_keys(1);
    struct ntor_client_state client;
    struct job job = make_job(&keys, 1, &client);
    (void)state;
    inbox_init(&inbox);
    struct cpu_workers *workers = cpu_workers_new(0, openssl_provider(), &keys); /* nobody works */
    for (unsigned i = 0; i < JOBS_MAX; i++)
        assert_true(cpu_workers_submit(workers, &job, &inbox));
    assert_false(cpu_workers_submit(workers, &job, &inbox));
    cpu_workers_free(workers);
    workers = cpu_workers_new(0, openssl_provider(), &keys);
    cpu_workers_set_delay(workers, 0); /* one may wait even then */
    assert_true(cpu_workers_submit(workers, &job, &inbox));
    assert_false(cpu_workers_submit(workers, &job, &inbox));
    cpu_workers_free(workers);
    cpu_workers_free(NULL);
    inbox_fini(&inbox);
}

static void who_has_waited_too_long_is_refused(void **state) {
    struct inbox inbox;
    struct ntor_server_keys keys = make_keys(1);
    struct ntor_client_state client;
    struct job job = make_job(&keys, 7, &client);
    (void)state;
    inbox_init(&inbox);
    struct cpu_workers *workers = cpu_workers_new(1, openssl_provider(), &keys);
    for (uint32_t seconds = 0; seconds <= 600; seconds += 600) {
        cpu_workers_set_cutoff(workers, seconds);
        assert_true(cpu_workers_submit(workers, &job, &inbox));
        struct message *message = wait_for_message(&inbox);
        assert_int_equal(message->result.half, 7);
        assert_int_equal(message->result.kind, JOB_NTOR_ANSWER);
        assert_int_equal(message->result.error, seconds == 0 ? ERR_LIMIT : ERR_OK);
        message_free(message);
    }
    cpu_workers_free(workers);
    inbox_fini(&inbox);
}

static void counts_work_and_time(void **state) {
    struct inbox inbox;
    struct ntor_server_keys keys = make_keys(1);
    struct ntor_client_state client;
    struct work work = {0};
    struct timespec used;
    clockid_t clock;
    (void)state;
    inbox_init(&inbox);
    struct cpu_workers *workers = cpu_workers_new(1, openssl_provider(), &keys);
    struct job job = make_job(&keys, 1, &client);
    for (unsigned i = 0; i < 2; i++) { /* the first one's work is handed in before the second begins */
        assert_true(cpu_workers_submit(workers, &job, &inbox));
        message_free(wait_for_message(&inbox));
    }
    cpu_workers_work(workers, &work);
    assert_true(work.handshakes_ntor >= 1);
    assert_int_equal(cpu_workers_count(workers), 1);
    assert_true(cpu_workers_clock(workers, 0, &clock));
    assert_int_equal(clock_gettime(clock, &used), 0);
    assert_true(used.tv_sec > 0 || used.tv_nsec > 0);
    assert_false(cpu_workers_clock(workers, 1, &clock));
    cpu_workers_free(workers);
    inbox_fini(&inbox);
}

struct counted_task {
    struct task task;
    unsigned *runs, *ends;
    bool is_done;
};

static void run_counted(struct task *task) {
    (*LIST_ENTRY(task, struct counted_task, task)->runs)++;
}

static void finish_counted(struct task *task, bool is_done) {
    struct counted_task *counted = LIST_ENTRY(task, struct counted_task, task);
    counted->is_done = is_done;
    (*counted->ends)++;
}

static void tasks_are_run_and_handed_back(void **state) {
    struct inbox inbox;
    struct ntor_server_keys keys = make_keys(1);
    unsigned runs = 0, ends = 0;
    struct counted_task task = {{NULL, run_counted, finish_counted}, &runs, &ends, false};
    (void)state;
    inbox_init(&inbox);
    struct cpu_workers *workers = cpu_workers_new(1, openssl_provider(), &keys);
    for (unsigned i = 1; i <= 3; i++) {
        assert_true(cpu_workers_run(workers, &task.task, TASKS_MAX, &inbox));
        struct message *message = wait_for_message(&inbox);
        assert_int_equal(message->kind, MESSAGE_TASK);
        message->task->finish(message->task, true);
        message_free(message);
        assert_int_equal(runs, i);
        assert_int_equal(ends, i);
        assert_true(task.is_done);
    }
    cpu_workers_free(workers);
    inbox_fini(&inbox);
}

static void tasks_that_wait_at_the_end_are_freed(void **state) {
    static struct counted_task tasks[TASKS_MAX + 1];
    struct inbox inbox;
    struct ntor_server_keys keys = make_keys(1);
    unsigned runs = 0, ends = 0;
    (void)state;
    inbox_init(&inbox);
    struct cpu_workers *workers = cpu_workers_new(0, openssl_provider(), &keys); /* nobody works */
    for (unsigned i = 0; i <= TASKS_MAX; i++) {
        tasks[i] = (struct counted_task){{NULL, run_counted, finish_counted}, &runs, &ends, true};
        if (i >= TASKS_OF_CLIENTS_MAX) /* clients cannot fill it */
            assert_false(cpu_workers_run(workers, &tasks[i].task, TASKS_OF_CLIENTS_MAX, &inbox));
        assert_int_equal(cpu_workers_run(workers, &tasks[i].task, TASKS_MAX, &inbox), i < TASKS_MAX);
    }
    cpu_workers_free(workers);
    assert_int_equal(runs, 0);
    assert_int_equal(ends, TASKS_MAX);
    assert_false(tasks[0].is_done);
    inbox_fini(&inbox);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_the_client_expects),
        cmocka_unit_test(everybody_gets_their_own_in_order),
        cmocka_unit_test(new_keys_hold_for_new_jobs),
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(who_has_waited_too_long_is_refused),
        cmocka_unit_test(counts_work_and_time),
        cmocka_unit_test(tasks_are_run_and_handed_back),
        cmocka_unit_test(tasks_that_wait_at_the_end_are_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
