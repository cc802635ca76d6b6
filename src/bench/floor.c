/* parley bench floor: what this machine charges for a durable message before any messenger is
 * there. */
#include "bench/floor_private.h"

#include "loop/env.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { APPEND_BYTES = 512, APPENDS_MAX = 20000, BATCH = 64 };

static double seconds_of(const struct rusage *u)
{
    return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
           (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

double par_bench__thread_cpu(void)
{
    struct rusage u;
    getrusage(RUSAGE_THREAD, &u);
    return seconds_of(&u);
}

double par_bench__process_cpu(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return seconds_of(&u);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Appends and syncs; the times in ms, sorted, go to times. Returns how many; 0 on an error. */
static size_t append(const char *path, unsigned seconds, double *times)
{
    char block[APPEND_BYTES];
    size_t n = 0;
    uint64_t end_ns = par_mono_ns() + (uint64_t)seconds * 1000000000u;
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    memset(block, 'x', sizeof block);
    while (fd >= 0 && n < APPENDS_MAX && par_mono_ns() < end_ns) {
        uint64_t begin_ns = par_mono_ns();
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block || fdatasync(fd) < 0) {
            n = 0;
            break;
        }
        times[n++] = (double)(par_mono_ns() - begin_ns) / 1e6;
    }
    if (fd >= 0)
        close(fd);
    unlink(path);
    qsort(times, n, sizeof *times, compare);
    return n;
}

static bool measure_sync(const char *folder, unsigned seconds)
{
    char path[512];
    double *times = calloc(APPENDS_MAX, sizeof *times);
    snprintf(path, sizeof path, "%s/append", folder);
    size_t n = times ? append(path, seconds, times) : 0;
    if (n > 0) {
        par_bench_print("S", times[n / 2], "ms");
        par_bench_print("S_p10", times[n / 10], "ms");
        par_bench_print("S_p90", times[n * 9 / 10], "ms");
        par_bench_print("S_p99", times[n * 99 / 100], "ms");
    }
    free(times);
    return n > 0;
}

static bool measure_cpu(const struct par_bench_floor *floor, const char *folder)
{
    char path[512];
    double per_second;
    struct par_store_options store = floor->store;
    snprintf(path, sizeof path, "%s/store", folder);
    store.path = path;
    double echo = par_bench__floor_echo(floor->connections, floor->seconds, false);
    double forward = par_bench__floor_echo(floor->connections, floor->seconds, true);
    double rows = par_bench__floor_rows(&store, BATCH, floor->seconds, &per_second);
    if (echo < 0 || forward < 0 || rows < 0)
        return false;
    par_bench_print("F_echo", echo, "us");
    par_bench_print("F_one_more_send", forward - echo, "us");
    par_bench_print("F_rows", rows, "us");
    par_bench_print("F", forward + rows, "us");
    par_bench_print("F_rows_per_second", per_second, "1/s");
    return true;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int par_bench_floor(const struct par_bench_floor *floor)
{
    char folder[400];
    snprintf(folder, sizeof folder, "%s/bench-floor.XXXXXX", floor->folder);
    if (!mkdtemp(folder)) {
        fprintf(stderr, "parley bench floor: %s: %s\n", floor->folder, strerror(errno));
        return 1;
    }
    bool ok = measure_sync(folder, floor->seconds) && measure_cpu(floor, folder);
    if (!ok)
        fprintf(stderr, "parley bench floor: something could not be measured in %s\n", folder);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return ok ? 0 : 1;
}
