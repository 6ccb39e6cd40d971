/* list - intrusive doubly linked list with a sentinel.
 *
 * An entry that is on no list points to itself, so list_is_linked() and a second list_remove() are safe. */
#ifndef LOOM_BASE_LIST_H
#define LOOM_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next;
    struct list *previous;
};

#define LIST_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void list_init(struct list *node) {
    node->next = node;
    node->previous = node;
}

static inline bool list_is_empty(const struct list *head) {
    return head->next == head;
}

static inline bool list_is_linked(const struct list *node) {
    return node->next != node;
}

static inline void list_insert_before(struct list *position, struct list *node) {
    node->previous = position->previous;
    node->next = position;
    position->previous->next = node;
    position->previous = node;
}

static inline void list_append(struct list *head, struct list *node) {
    list_insert_before(head, node);
}

static inline void list_remove(struct list *node) {
    node->previous->next = node->next;
    node->next->previous = node->previous;
    list_init(node);
}

/* First entry taken off, or NULL. */
static inline struct list *list_take_first(struct list *head) {
    if (list_is_empty(head))
        return NULL;
    struct list *first = head->next;
    list_remove(first);
    return first;
}

#endif
