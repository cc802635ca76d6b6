/* The guard of unit tests: takes the log's lines and judges them at the end of the program. */
#include "base/log_guard.h"
#include "base/log.h"
#include "parley/err.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_EXPECTED = 32, MAX_EVENTS = 256 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *expected[MAX_EXPECTED];
static size_t n_expected;
static struct {
    const char *event;
    size_t count;
} events[MAX_EVENTS];
static size_t n_events;
static size_t undeclared;
static char last[4096];

static bool is_expected(const char *event)
{
    for (size_t i = 0; i < n_expected; i++)
        if (strcmp(expected[i], event) == 0)
            return true;
    return false;
}

static void take(void *arg, enum par_log_level level, const char *event, struct par_str line)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    snprintf(last, sizeof last, "%.*s", PAR_STR_ARGS(line));
    size_t i = 0;
    while (i < n_events && strcmp(events[i].event, event) != 0)
        i++;
    if (i == n_events && n_events < MAX_EVENTS)
        events[n_events++].event = event;
    if (i < n_events)
        events[i].count++;
    if (level == PAR_LOG_ERROR && !is_expected(event)) {
        undeclared++;
        fprintf(stderr, "undeclared error in the log: %s\n", last);
    }
    pthread_mutex_unlock(&lock);
}

void par_log_guard_expect(const char *event)
{
    pthread_mutex_lock(&lock);
    PAR_ASSERT(n_expected < MAX_EXPECTED);
    expected[n_expected++] = event;
    pthread_mutex_unlock(&lock);
}

size_t par_log_guard_count(const char *event)
{
    size_t count = 0;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n_events; i++)
        if (strcmp(events[i].event, event) == 0)
            count = events[i].count;
    pthread_mutex_unlock(&lock);
    return count;
}

const char *par_log_guard_last(void)
{
    return last;
}

__attribute__((constructor)) static void guard_start(void)
{
    par_log_set_sink(take, NULL);
}

__attribute__((destructor)) static void guard_end(void)
{
    if (undeclared > 0) {
        fprintf(stderr, "%zu undeclared errors in the log: the test fails\n", undeclared);
        _exit(1);
    }
}
