/* Mailboxes: a stack that senders push on with one compare-and-swap, and that the receiver takes
 * whole and turns round. */
#include "loop/mailbox.h"

#include "loop/env_ops.h"
#include "loop/loop_private.h"

static void setup(struct par_mailbox *mb, uint32_t limit)
{
    *mb = (struct par_mailbox){._limit = limit};
    par_list_init(&mb->_node);
}

void par_mailbox_init(struct par_mailbox *mb, uint32_t limit)
{
    setup(mb, limit);
}

void par_mailbox_bind(struct par_mailbox *mb, struct par_loop *loop, uint32_t limit,
                      par_mailbox_fn fn, void *arg)
{
    setup(mb, limit);
    mb->_loop = loop;
    mb->_fn = fn;
    mb->_arg = arg;
    par_list_append(&loop->mailboxes, &mb->_node);
}

/* All messages, oldest first. */
static struct par_msg *take(struct par_mailbox *mb)
{
    if (!atomic_load_explicit(&mb->_head, memory_order_relaxed))
        return NULL;
    struct par_msg *newest = atomic_exchange(&mb->_head, NULL);
    struct par_msg *first = NULL;
    uint32_t count = 0;
    while (newest) {
        struct par_msg *older = newest->_next;
        newest->_next = first;
        first = newest;
        newest = older;
        count++;
    }
    atomic_fetch_sub_explicit(&mb->_depth, count, memory_order_relaxed);
    return first;
}

struct par_msg *par_mailbox_fini(struct par_mailbox *mb)
{
    par_list_remove(&mb->_node);
    return take(mb);
}

static void wake(struct par_mailbox *mb)
{
    if (mb->_loop)
        par_loop__wake(mb->_loop);
    else if (atomic_load(&mb->_asleep) && atomic_exchange(&mb->_asleep, 0))
        par_env__unpark(&mb->_asleep);
}

/* newest ... oldest is a chain. Only who finds the box empty looks whether the receiver sleeps: who
 * finds a message there knows that its sender looks, after a push that came before ours. The order
 * of push and look, here and in the receiver, has to be the same for all: sequential consistency.
 */
static void push(struct par_mailbox *mb, struct par_msg *newest, struct par_msg *oldest,
                 uint32_t count)
{
    atomic_fetch_add_explicit(&mb->_depth, count, memory_order_relaxed);
    struct par_msg *head = atomic_load_explicit(&mb->_head, memory_order_relaxed);
    do
        oldest->_next = head;
    while (!atomic_compare_exchange_weak_explicit(&mb->_head, &head, newest, memory_order_seq_cst,
                                                  memory_order_relaxed));
    if (!head)
        wake(mb);
}

void par_mailbox_post(struct par_mailbox *mb, struct par_msg *msg)
{
    push(mb, msg, msg, 1);
}

void par_mailbox_post_batch(struct par_mailbox *mb, struct par_msg_batch *batch)
{
    struct par_msg_batch b = *batch;
    *batch = (struct par_msg_batch){0};
    if (b.count > 0)
        push(mb, b._newest, b._oldest, b.count);
}

bool par_mailbox_try_post(struct par_mailbox *mb, struct par_msg *msg)
{
    if (par_mailbox_depth(mb) >= mb->_limit)
        return false;
    push(mb, msg, msg, 1);
    return true;
}

struct par_msg *par_mailbox_wait(struct par_mailbox *mb, int64_t timeout_ms)
{
    uint64_t until = timeout_ms > 0 ? par_mono_ms() + (uint64_t)timeout_ms : 0;
    for (;;) {
        struct par_msg *first = take(mb);
        if (atomic_exchange(&mb->_poked, 0) || first || timeout_ms == 0)
            return first;
        atomic_store(&mb->_asleep, 1);
        if (!atomic_load(&mb->_head) && !atomic_load(&mb->_poked))
            par_env__park(&mb->_asleep, 1, timeout_ms);
        atomic_store(&mb->_asleep, 0);
        if (timeout_ms > 0) {
            uint64_t now = par_mono_ms();
            timeout_ms = now < until ? (int64_t)(until - now) : 0;
        }
    }
}

void par_mailbox_poke(struct par_mailbox *mb)
{
    atomic_store(&mb->_poked, 1);
    wake(mb);
}

uint32_t par_mailbox_depth(const struct par_mailbox *mb)
{
    return atomic_load_explicit(&mb->_depth, memory_order_relaxed);
}

uint32_t par_mailbox_limit(const struct par_mailbox *mb)
{
    return mb->_limit;
}

bool par_mailbox__any(struct par_loop *loop)
{
    for (struct par_list *n = loop->mailboxes.next; n != &loop->mailboxes; n = n->next) {
        if (atomic_load(&PAR_CONTAINER(n, struct par_mailbox, _node)->_head))
            return true;
    }
    return false;
}

/* Each goes back to the list before its call, so that a receiver may end itself or any other. */
void par_mailbox__drain_all(struct par_loop *loop)
{
    struct par_list boxes;
    par_list_init(&boxes);
    par_list_splice(&boxes, &loop->mailboxes);
    for (struct par_list *n; (n = par_list_pop(&boxes));) {
        par_list_append(&loop->mailboxes, n);
        struct par_mailbox *mb = PAR_CONTAINER(n, struct par_mailbox, _node);
        struct par_msg *first = take(mb);
        if (first)
            mb->_fn(first, mb->_arg);
    }
}
