/* Lines of waiting threads: who waits gets a place, and never more hold one than there are. */
#include "loop/line.h"

#include "loop/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { THREADS = 8, PLACES = 2, ROUNDS = 500 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct par_line line;
static int used, most, done;

static void come_and_go(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        while (used == PLACES)
            assert_true(par_line_wait(&line, &mutex, UINT64_MAX));
        if (++used > most)
            most = used;
        pthread_mutex_unlock(&mutex);
        pthread_mutex_lock(&mutex);
        used--;
        done++;
        par_line_wake(&line);
        pthread_mutex_unlock(&mutex);
    }
}

static void all_get_their_turn(void **state)
{
    (void)state;
    struct par_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(par_thread_start("turn", come_and_go, NULL, &threads[i]), PAR_OK);
    for (int i = 0; i < THREADS; i++)
        par_thread_join(&threads[i]);
    assert_int_equal(done, THREADS * ROUNDS);
    assert_int_equal(used, 0);
    assert_true(most <= PLACES);
    assert_null(line._first);
    assert_null(line._last);
}

static _Atomic int waiting, in_vain;

static void wait_in_vain(void *arg)
{
    const uint64_t *ms = arg;
    pthread_mutex_lock(&mutex);
    waiting++;
    if (!par_line_wait(&line, &mutex, *ms == UINT64_MAX ? *ms : par_mono_ms() + *ms))
        in_vain++;
    waiting--;
    pthread_mutex_unlock(&mutex);
}

/* Who has waited long enough leaves the line, from whatever place, and the others keep theirs. */
static void nobody_waits_for_ever(void **state)
{
    static uint64_t ms[] = {UINT64_MAX, 20, UINT64_MAX, 40, 30};
    enum { WAITERS = sizeof ms / sizeof ms[0] };
    struct par_thread *threads[WAITERS];
    _Atomic uint32_t never = 0;
    (void)state;
    for (int i = 0; i < WAITERS; i++) {
        assert_int_equal(par_thread_start("wait", wait_in_vain, &ms[i], &threads[i]), PAR_OK);
    }
    while (in_vain < 3)
        par_pause(&never, 1);
    for (int i = 1; i < WAITERS; i += i == 1 ? 2 : 1)
        par_thread_join(&threads[i]);
    while (waiting < 2)
        par_pause(&never, 1);
    pthread_mutex_lock(&mutex);
    par_line_wake_all(&line);
    assert_null(line._first);
    assert_null(line._last);
    pthread_mutex_unlock(&mutex);
    par_thread_join(&threads[0]);
    par_thread_join(&threads[2]);
    assert_int_equal(in_vain, 3);
    assert_int_equal(waiting, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_get_their_turn),
        cmocka_unit_test(nobody_waits_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
