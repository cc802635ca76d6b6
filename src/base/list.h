/* Intrusive doubly linked lists: the node lies inside its owner, so that moving between lists
 * allocates nothing and cannot fail.
 *
 *   struct conn { struct par_list node; ... };
 *   struct par_list idle;
 *   par_list_init(&idle);
 *   par_list_append(&idle, &conn->node);
 *   struct conn *c = PAR_CONTAINER(idle.next, struct conn, node);
 *
 * Not thread-safe. */
#ifndef PAR_BASE_LIST_H
#define PAR_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* The object that holds a member, from the member's address. */
#define PAR_CONTAINER(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* A head and a node are the same thing: a ring. A node in no list points at itself. */
struct par_list {
    struct par_list *next;
    struct par_list *prev;
};

static inline void par_list_init(struct par_list *l)
{
    l->next = l->prev = l;
}

/* For a head: no elements. For a node: in no list. */
static inline bool par_list_empty(const struct par_list *l)
{
    return l->next == l;
}

/* Puts node behind pos, which is a head or another node. The node must be in no list. */
static inline void par_list_insert_after(struct par_list *pos, struct par_list *node)
{
    node->next = pos->next;
    node->prev = pos;
    pos->next->prev = node;
    pos->next = node;
}

static inline void par_list_prepend(struct par_list *head, struct par_list *node)
{
    par_list_insert_after(head, node);
}

static inline void par_list_append(struct par_list *head, struct par_list *node)
{
    par_list_insert_after(head->prev, node);
}

/* Takes the node out of whatever list it is in; harmless when it is in none. */
static inline void par_list_remove(struct par_list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = node->prev = node;
}

/* The first element's node, taken out; NULL when the list is empty. */
static inline struct par_list *par_list_pop(struct par_list *head)
{
    struct par_list *node = head->next;
    if (node == head)
        return NULL;
    par_list_remove(node);
    return node;
}

/* Moves all elements of from to the end of to; from is empty afterwards. */
static inline void par_list_splice(struct par_list *to, struct par_list *from)
{
    if (par_list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    par_list_init(from);
}

/* Walks the nodes. The body may remove or free the current one, and no other. */
#define PAR_LIST_FOR_EACH(node, head)                                                              \
    for (struct par_list *node = (head)->next, *node##_next = node->next; node != (head);          \
         node = node##_next, node##_next = node->next)

#endif
