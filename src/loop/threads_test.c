/* Tests of what crosses threads: mailboxes of both kinds, and the worker pool. Meant for TSan, too.
 */
#include "loop/env.h"
#include "loop/mailbox.h"
#include "loop/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { SENDERS = 4, EACH = 20000 };

struct note {
    struct par_msg msg;
    int sender;
    int number;
};

struct receiver {
    struct par_loop *loop;
    struct par_mailbox box;
    int next[SENDERS];
    int got;
    int batches;
};

struct sender {
    struct receiver *to;
    struct par_thread *thread;
    int id;
    bool in_batches;
};

static void take_notes(struct receiver *r, struct par_msg *first)
{
    r->batches++;
    while (first) {
        struct note *n = PAR_CONTAINER(first, struct note, msg);
        first = par_msg_next(first);
        assert_int_equal(n->number, r->next[n->sender]);
        r->next[n->sender]++;
        r->got++;
        free(n);
    }
}

static void on_notes(struct par_msg *first, void *arg)
{
    struct receiver *r = arg;
    take_notes(r, first);
    if (r->got == SENDERS * EACH)
        par_loop_stop(r->loop);
}

static void send_notes(void *arg)
{
    struct sender *s = arg;
    struct par_msg_batch batch = {0};
    for (int i = 0; i < EACH; i++) {
        struct note *n = malloc(sizeof *n);
        assert_non_null(n);
        n->sender = s->id;
        n->number = i;
        if (!s->in_batches) {
            par_mailbox_post(&s->to->box, &n->msg);
            continue;
        }
        par_msg_batch_add(&batch, &n->msg);
        if (batch.count == 37 || i == EACH - 1)
            par_mailbox_post_batch(&s->to->box, &batch);
    }
    par_mailbox_post_batch(&s->to->box, &batch);
}

static void start_senders(struct sender *senders, struct receiver *r)
{
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.to = r, .id = i, .in_batches = i % 2};
        assert_int_equal(par_thread_start("sender", send_notes, &senders[i], &senders[i].thread),
                         PAR_OK);
    }
}

static void join_senders(struct sender *senders)
{
    for (int i = 0; i < SENDERS; i++)
        par_thread_join(&senders[i].thread);
}

static void loop_mailbox_keeps_order(void **state)
{
    (void)state;
    struct receiver r = {0};
    struct sender senders[SENDERS];
    assert_int_equal(par_loop_new(&r.loop), PAR_OK);
    par_mailbox_bind(&r.box, r.loop, 100, on_notes, &r);
    start_senders(senders, &r);
    par_loop_run(r.loop);
    join_senders(senders);
    assert_int_equal(r.got, SENDERS * EACH);
    assert_int_equal(par_mailbox_depth(&r.box), 0);
    struct par_loop_stats s;
    par_loop_stats(r.loop, &s);
    /* One a turn at most, and a turn takes many messages. */
    assert_true(s.wakes <= s.turns);
    assert_true(s.turns < SENDERS * EACH);
    assert_null(par_mailbox_fini(&r.box));
    par_loop_free(&r.loop);
}

static void thread_mailbox_keeps_order(void **state)
{
    (void)state;
    struct receiver r = {0};
    struct sender senders[SENDERS];
    par_mailbox_init(&r.box, 100);
    start_senders(senders, &r);
    while (r.got < SENDERS * EACH)
        take_notes(&r, par_mailbox_wait(&r.box, -1));
    join_senders(senders);
    assert_null(par_mailbox_wait(&r.box, 0));
    uint64_t start = par_mono_ms();
    assert_null(par_mailbox_wait(&r.box, 30));
    assert_true(par_mono_ms() - start >= 29);
    par_mailbox_poke(&r.box);
    assert_null(par_mailbox_wait(&r.box, -1));
    assert_null(par_mailbox_fini(&r.box));
}

/* A ping-pong makes each side fall asleep before each message: the wake-ups must never get lost. */
struct pong {
    struct par_mailbox there, back;
};

static void answer_pings(void *arg)
{
    struct pong *p = arg;
    for (;;) {
        struct par_msg *m = par_mailbox_wait(&p->there, -1);
        if (!m)
            return;
        par_mailbox_post(&p->back, m);
    }
}

static void no_wake_is_lost(void **state)
{
    (void)state;
    struct pong p;
    struct par_thread *thread;
    struct par_msg ping;
    par_mailbox_init(&p.there, 1);
    par_mailbox_init(&p.back, 1);
    assert_int_equal(par_thread_start("pong", answer_pings, &p, &thread), PAR_OK);
    for (int i = 0; i < 20000; i++) {
        par_mailbox_post(&p.there, &ping);
        assert_ptr_equal(par_mailbox_wait(&p.back, -1), &ping);
    }
    par_mailbox_poke(&p.there);
    par_thread_join(&thread);
}

static void try_post_is_bounded(void **state)
{
    (void)state;
    struct par_mailbox box;
    struct par_msg m[4];
    par_mailbox_init(&box, 3);
    for (int i = 0; i < 3; i++)
        assert_true(par_mailbox_try_post(&box, &m[i]));
    assert_false(par_mailbox_try_post(&box, &m[3]));
    assert_int_equal(par_mailbox_depth(&box), 3);
    assert_int_equal(par_mailbox_limit(&box), 3);
    par_mailbox_post(&box, &m[3]);
    struct par_msg *first = par_mailbox_fini(&box);
    for (int i = 0; i < 4; i++) {
        assert_ptr_equal(first, &m[i]);
        first = par_msg_next(first);
    }
    assert_null(first);
}

/* A receiver that posts to its own loop, or ends its own box or another, in its call. */
static int self_posts;
static struct par_mailbox own_box, other_box;

static void on_self(struct par_msg *first, void *arg)
{
    (void)arg;
    if (++self_posts < 3) {
        par_mailbox_post(&own_box, first);
    } else {
        assert_null(par_mailbox_fini(&own_box));
        assert_non_null(par_mailbox_fini(&other_box));
    }
}

static void never(struct par_msg *first, void *arg)
{
    (void)first;
    (void)arg;
    fail();
}

static void a_loop_may_post_to_itself(void **state)
{
    (void)state;
    struct par_loop *loop;
    struct par_msg m, n;
    assert_int_equal(par_loop_new(&loop), PAR_OK);
    par_mailbox_bind(&own_box, loop, 1, on_self, NULL);
    par_mailbox_post(&own_box, &m);
    par_loop_turn(loop, -1);
    par_loop_turn(loop, -1);
    par_mailbox_bind(&other_box, loop, 1, never, NULL);
    par_mailbox_post(&other_box, &n);
    par_loop_turn(loop, -1);
    assert_int_equal(self_posts, 3);
    par_loop_free(&loop);
}

/* ---- the pool ---- */

struct job {
    struct par_job job;
    _Atomic int *done;
    _Atomic int *gate; /* waits while it is 0 */
};

static void run_job(struct par_job *j)
{
    struct job *job = PAR_CONTAINER(j, struct job, job);
    while (job->gate && !*job->gate) {
    }
    (*job->done)++;
    free(job);
}

static bool submit(struct par_pool *pool, _Atomic int *done, _Atomic int *gate)
{
    struct job *job = calloc(1, sizeof *job);
    assert_non_null(job);
    job->done = done;
    job->gate = gate;
    if (par_pool_submit(pool, &job->job, run_job))
        return true;
    free(job);
    return false;
}

static void pool_runs_all_and_refuses_when_full(void **state)
{
    (void)state;
    struct par_pool *pool;
    struct par_pool_stats s;
    _Atomic int done = 0, gate = 0;
    assert_int_equal(par_pool_new("test", 2, 5, &pool), PAR_OK);
    assert_true(submit(pool, &done, &gate));
    assert_true(submit(pool, &done, &gate));
    do
        par_pool_stats(pool, &s);
    while (s.running < 2);
    for (int i = 0; i < 5; i++)
        assert_true(submit(pool, &done, NULL));
    assert_false(submit(pool, &done, NULL));
    par_pool_stats(pool, &s);
    assert_int_equal(s.depth, 5);
    assert_int_equal(s.limit, 5);
    assert_int_equal(s.threads, 2);
    assert_int_equal(s.refused, 1);
    par_pool_close(pool);
    par_pool_close(pool);
    assert_false(submit(pool, &done, NULL));
    gate = 1;
    par_pool_join(pool);
    assert_false(submit(pool, &done, NULL));
    par_pool_free(&pool);
    assert_null(pool);
    assert_int_equal(done, 7);
    par_pool_free(&pool);
}

struct submitter {
    struct par_pool *pool;
    _Atomic int *done;
    int accepted;
};

static void submit_many(void *arg)
{
    struct submitter *s = arg;
    for (int i = 0; i < 5000; i++)
        s->accepted += submit(s->pool, s->done, NULL);
}

static void pool_with_many_submitters(void **state)
{
    (void)state;
    struct par_pool *pool;
    _Atomic int done = 0;
    assert_int_equal(par_pool_new("test", 3, 64, &pool), PAR_OK);
    struct submitter s[3];
    struct par_thread *threads[3];
    for (int i = 0; i < 3; i++) {
        s[i] = (struct submitter){.pool = pool, .done = &done};
        assert_int_equal(par_thread_start("submit", submit_many, &s[i], &threads[i]), PAR_OK);
    }
    for (int i = 0; i < 3; i++)
        par_thread_join(&threads[i]);
    par_pool_free(&pool);
    assert_int_equal(done, s[0].accepted + s[1].accepted + s[2].accepted);
    assert_true(done > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loop_mailbox_keeps_order),
        cmocka_unit_test(thread_mailbox_keeps_order),
        cmocka_unit_test(no_wake_is_lost),
        cmocka_unit_test(try_post_is_bounded),
        cmocka_unit_test(a_loop_may_post_to_itself),
        cmocka_unit_test(pool_runs_all_and_refuses_when_full),
        cmocka_unit_test(pool_with_many_submitters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
