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
            par_line_wait(&line, &mutex);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_get_their_turn)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
