/* runtime_state - what the runtime holds, shared by the files that make it up (runtime*.c). */
#ifndef LOOM_NATIVE_RUNTIME_STATE_H
#define LOOM_NATIVE_RUNTIME_STATE_H

#include <pthread.h>

#include "core/relay.h"
#include "native/core_places.h"
#include "native/event_thread.h"
#include "native/runtime_setup.h"

struct complaint;

#define RUNTIME_SIGNALS 6u

struct runtime {
    struct runtime_setup setup;
    struct core_places places;
    enum core_binding binding;
    struct relay_config relay_config;
    struct relay *relay;
    struct event_team team;
    struct onion_store *onions;
    struct tls_identity *identity; /* for links from now on; ours is one reference */
    uint64_t identity_made_s;
    pthread_t threads[STATIONS_MAX]; /* [0] is the main thread, once it runs */
    uint16_t threads_started;        /* beside the main thread */
    struct event *signals[RUNTIME_SIGNALS];
    struct testing_moves *moves; /* NULL: links stay where they are */
    struct event *renewal, *shutdown, *heartbeat;
    struct dos_params dos; /* that hold now: for the log */
    nsec start;            /* reading of the monotonic clock */
    enum hibernation hibernation;
    bool is_running; /* the listeners have been started */
    bool is_shutting_down;
};

/* Set up signals, renewal and heartbeat on the main loop. */
void runtime_start_events(struct runtime *runtime);
void runtime_stop_events(struct runtime *runtime);
/* A fresh link certificate with its credentials. NULL with a complaint. */
struct tls_identity *runtime_make_identity(struct runtime *runtime, struct complaint *complaint);
/* By the CPU that work takes the time of. */
struct cipher_choice runtime_choose_cipher(const struct runtime *runtime);

#endif
