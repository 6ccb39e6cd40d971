#include "native/name_service.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "native/heap.h"
#include "native/inbox.h"
#include "native/log.h"
#include "native/resolver.h"
#include "native/signals.h"

struct name_service {
    struct event_base *base;
    struct event *wake_event;
    struct resolver *resolver;
    struct inbox inbox;
    bool is_stopping;
    pthread_t thread;
};

/* Hands over exchange. */
static void answer(struct name_exchange *exchange, const struct name_answer *what) {
    struct message *message = message_new(MESSAGE_NAMES);
    exchange->answer = *what;
    message->names = exchange;
    inbox_post(exchange->reply_to, message);
}

static void on_answer(void *context, void *user, const struct name_answer *what) {
    const struct name_service *service = context;
    if (service->is_stopping)
        free(user);
    else
        answer(user, what);
}

static void set_patience(struct name_service *service, const struct message *message) {
    const struct dns_patience patience = {message->timeout_ms, message->tries};
    struct complaint complaint;
    if (!resolver_set_patience(service->resolver, patience, &complaint))
        log_warn("%s; name servers are waited for as long as before", complaint.text);
}

static void take_message(struct name_service *service, struct message *message) {
    struct name_exchange *exchange = message->names;
    message->names = NULL;
    service->is_stopping |= message->kind == MESSAGE_STOP;
    if (message->kind == MESSAGE_PATIENCE)
        set_patience(service, message);
    if (exchange != NULL)
        resolver_ask(service->resolver, exchange->circuit, &exchange->query, exchange);
}

static void on_wake(evutil_socket_t fd, short what, void *argument) {
    struct name_service *service = argument;
    (void)fd;
    (void)what;
    inbox_woken(&service->inbox);
    struct message *message = inbox_take_all(&service->inbox);
    while (message != NULL) {
        struct message *next = message->next;
        take_message(service, message);
        message_free(message);
        message = next;
    }
    if (service->is_stopping)
        event_base_loopbreak(service->base);
}

static void *thread_main(void *argument) {
    struct name_service *service = argument;
    event_base_dispatch(service->base);
    return NULL;
}

static bool start(struct name_service *service) {
    sigset_t before;
    signals_hide(&before);
    bool is_started = pthread_create(&service->thread, NULL, thread_main, service) == 0;
    signals_show(&before);
    if (is_started)
        pthread_setname_np(service->thread, "dns");
    return is_started;
}

static void release(struct name_service *service) {
    resolver_free(service->resolver);
    event_free(service->wake_event);
    inbox_fini(&service->inbox);
    event_base_free(service->base);
    free(service);
}

struct name_service *name_service_new(const struct resolver_options *options, struct complaint *complaint) {
    struct name_service *service = heap_new(sizeof *service);
    service->base = event_base_new();
    CHECK(service->base != NULL);
    inbox_init(&service->inbox);
    service->wake_event =
        event_new(service->base, service->inbox.wake_fd, EV_READ | EV_PERSIST, on_wake, service);
    CHECK(service->wake_event != NULL && event_add(service->wake_event, NULL) == 0);
    service->resolver = resolver_new(service->base, options, on_answer, service, complaint);
    if (service->resolver != NULL && start(service))
        return service;
    if (service->resolver != NULL)
        complain(complaint, "cannot start a thread for names: the system's limit is reached");
    service->is_stopping = true;
    release(service);
    return NULL;
}

void name_service_free(struct name_service *service) {
    if (service == NULL)
        return;
    inbox_post(&service->inbox, message_new(MESSAGE_STOP));
    CHECK(pthread_join(service->thread, NULL) == 0);
    service->is_stopping = true;
    release(service);
}

void name_service_set_patience(struct name_service *service, const struct dns_patience *patience) {
    struct message *message = message_new(MESSAGE_PATIENCE);
    message->timeout_ms = patience->timeout_ms;
    message->tries = patience->tries;
    inbox_post(&service->inbox, message);
}

void name_service_ask(struct name_service *service, struct inbox *reply_to, edge_id edge, half_id circuit,
                      const struct name_query *query) {
    static const struct name_answer nobody = {.status = NAME_TRANSIENT};
    struct name_exchange *exchange = heap_new(sizeof *exchange);
    exchange->reply_to = reply_to;
    exchange->edge = edge;
    exchange->circuit = circuit;
    exchange->query = *query;
    if (service == NULL) {
        answer(exchange, &nobody);
        return;
    }
    struct message *message = message_new(MESSAGE_NAMES);
    message->names = exchange;
    inbox_post(&service->inbox, message);
}

bool name_service_clock(const struct name_service *service, clockid_t *clock_out) {
    return service != NULL && pthread_getcpuclockid(service->thread, clock_out) == 0;
}
