/* Mailboxes: the only way threads talk. Any number of threads post, one thread receives.
 *
 * A message is embedded in whatever is sent (struct par_msg); posting hands the object over.
 * Posting is lock-free: one compare-and-swap, and a wake-up only for the first message that finds a
 * sleeping receiver. A receiver that is awake is never woken; it empties all its mailboxes before
 * it sleeps again. Messages of one sender arrive in the order posted.
 *
 * Two forms: bound to a loop (its function gets all that has come, in phase 3 of a turn), or bound
 * to a thread that waits (the writer). */
#ifndef PAR_LOOP_MAILBOX_H
#define PAR_LOOP_MAILBOX_H

#include "loop/loop.h"

#include <stdatomic.h>

struct par_msg {
    struct par_msg *_next;
};

/* The message behind this one, or NULL. Read it before the message is freed or posted on. */
static inline struct par_msg *par_msg_next(const struct par_msg *msg)
{
    return msg->_next;
}

/* Messages gathered by one thread, to be posted at once with at most one wake-up. Start with {0}.
 */
struct par_msg_batch {
    struct par_msg *_newest;
    struct par_msg *_oldest;
    uint32_t count;
};
static inline void par_msg_batch_add(struct par_msg_batch *batch, struct par_msg *msg)
{
    msg->_next = batch->_newest;
    batch->_newest = msg;
    if (!batch->_oldest)
        batch->_oldest = msg;
    batch->count++;
}

struct par_mailbox;
/* first: what has come, oldest first, chained by par_msg_next, all now the receiver's. arg as
 * given. */
typedef void (*par_mailbox_fn)(struct par_msg *first, void *arg);

/* Fields are private. */
struct par_mailbox {
    struct par_msg *_Atomic _head; /* newest first */
    _Atomic uint32_t _depth;
    uint32_t _limit;
    _Atomic uint32_t _asleep; /* of a waiting thread; a loop has its own */
    _Atomic uint32_t _poked;
    struct par_loop *_loop;
    struct par_list _node; /* among its loop's mailboxes */
    par_mailbox_fn _fn;
    void *_arg;
};

/* Binds to a loop, before other threads post. limit: see par_mailbox_try_post. */
void par_mailbox_bind(struct par_mailbox *mb, struct par_loop *loop, uint32_t limit,
                      par_mailbox_fn fn, void *arg);
/* For a thread that will call par_mailbox_wait. */
void par_mailbox_init(struct par_mailbox *mb, uint32_t limit);
/* Nobody may post any more. What is still inside is given back as a chain (or NULL) for the caller
 * to free. A loop-bound one: on the loop's thread. */
struct par_msg *par_mailbox_fini(struct par_mailbox *mb);

/* Hands msg over. Any thread; never blocks, never fails. For messages whose number is bounded
 * elsewhere: answers to requests, releases of a bounded batch. */
void par_mailbox_post(struct par_mailbox *mb, struct par_msg *msg);
/* The same for a batch, which is empty afterwards; an empty one is harmless. */
void par_mailbox_post_batch(struct par_mailbox *mb, struct par_msg_batch *batch);
/* False, and msg stays the caller's, when `limit` messages wait already (a few more when many
 * threads post at the same moment). For new work. */
bool par_mailbox_try_post(struct par_mailbox *mb, struct par_msg *msg) PAR_MUST_CHECK;

/* Thread-bound: everything that has come, oldest first; waits up to timeout_ms (0: not at all, < 0:
 * without end) when there is nothing. NULL after the timeout or a poke. Blocks. One thread only. */
struct par_msg *par_mailbox_wait(struct par_mailbox *mb, int64_t timeout_ms);
/* Makes the present or the next par_mailbox_wait return, with whatever there is. Any thread. */
void par_mailbox_poke(struct par_mailbox *mb);

/* For metrics, any thread: messages posted and not yet taken; and the limit. */
uint32_t par_mailbox_depth(const struct par_mailbox *mb);
uint32_t par_mailbox_limit(const struct par_mailbox *mb);

#endif
