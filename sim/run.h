/* Worlds in processes of their own: one forked child each, several at a time. */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include "base/mutant.h"
#include "sim/course.h"

struct sim_run {
    uint64_t seed;
    const char *plan;
    bool trace;
    const char *keep;
    unsigned limit_s; /* real time that a world may take */
    enum par_mutant mutant;
};

struct sim_result {
    uint64_t seed;
    bool failed;
    char rule[64];
    char text[2048];
    struct sim_figures figures;
};

/* Runs the worlds that next gives, `jobs` at a time, until it says false; tells each result by
 * done, in the order in which they end. */
typedef bool (*sim_next_fn)(void *arg, struct sim_run *run_r);
typedef void (*sim_done_fn)(void *arg, const struct sim_run *run, const struct sim_result *result);
void sim_run_all(unsigned jobs, sim_next_fn next, sim_done_fn done, void *arg);

/* Runs one world in a new program with another layout of memory, and returns the hash of its trace;
 * 0 when it did not end well. */
uint64_t sim_run_elsewhere(const char *self, const struct sim_run *run);

#endif
