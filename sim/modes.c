/* The kept seeds, and the planted bugs. */
#include "sim/modes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE = 512, MUTANT_SEEDS = 300 };

static const char *const mutants[] = {
    "",
#define X(name, what) #name,
#include "parley/tbl/mutants.h"
#undef X
};

const char *sim_mutant_name(enum par_mutant mutant)
{
    return mutants[mutant];
}

enum par_mutant sim_mutant_by_name(const char *name)
{
    for (int i = 1; i < PAR_MUTANT_COUNT; i++)
        if (strcmp(name, mutants[i]) == 0)
            return (enum par_mutant)i;
    return PAR_MUTANT_NONE;
}

static FILE *open_list(const char *file)
{
    FILE *f = fopen(file, "r");
    if (!f) {
        perror(file);
        exit(2);
    }
    return f;
}

/* The next line that is none of a comment; false at the end. */
static bool next_line(FILE *f, char line[LINE])
{
    while (fgets(line, LINE, f))
        if (line[0] != '#' && line[0] != '\n')
            return true;
    return false;
}

/* ---- kept seeds ---- */

struct regress {
    FILE *file;
    unsigned limit_s;
    uint64_t passed, failed;
};

static bool regress_next(void *arg, struct sim_run *run_r)
{
    struct regress *g = arg;
    char line[LINE], plan[32];
    unsigned long long seed;
    if (!next_line(g->file, line))
        return false;
    if (sscanf(line, "%31s %llu", plan, &seed) != 2) {
        fprintf(stderr, "parley-sim: not a plan and a seed: %s", line);
        exit(2);
    }
    *run_r = (struct sim_run){.seed = seed, .plan = strdup(plan), .limit_s = g->limit_s};
    return true;
}

static void regress_done(void *arg, const struct sim_run *run, const struct sim_result *r)
{
    struct regress *g = arg;
    g->passed += !r->failed;
    g->failed += r->failed;
    if (r->failed)
        printf("seed %llu plan %s: %s, %s\n", (unsigned long long)run->seed, run->plan, r->rule,
               r->text);
    fflush(stdout);
}

int sim_mode_regress(const char *file, unsigned jobs, unsigned limit_s)
{
    struct regress g = {.file = open_list(file), .limit_s = limit_s};
    sim_run_all(jobs, regress_next, regress_done, &g);
    fclose(g.file);
    printf("%llu passed, %llu failed\n", (unsigned long long)g.passed,
           (unsigned long long)g.failed);
    return g.failed > 0;
}

/* ---- planted bugs ---- */

struct hunt {
    enum par_mutant mutant;
    char plan[32];
    uint64_t first, last, next, tried; /* seeds; last 0: it is not looked for */
    unsigned limit_s;
    bool found;
    uint64_t seed;
    char rule[64], in[24];
};

static bool hunt_next(void *arg, struct sim_run *run_r)
{
    struct hunt *h = arg;
    if (h->found || h->next > h->last)
        return false;
    *run_r = (struct sim_run){.seed = h->next++,
                              .plan = *h->plan ? h->plan : NULL,
                              .limit_s = h->limit_s,
                              .mutant = h->mutant};
    return true;
}

static void hunt_done(void *arg, const struct sim_run *run, const struct sim_result *r)
{
    struct hunt *h = arg;
    h->tried++;
    if (!r->failed || h->found)
        return;
    h->found = true;
    h->seed = run->seed;
    memcpy(h->rule, r->rule, sizeof h->rule);
    memcpy(h->in, r->figures.plan, sizeof h->in);
}

/* Does the world that failed with the bug fail without it, too? Then it says nothing of the bug. */
static bool fails_anyhow(const struct hunt *h)
{
    struct hunt without = {.last = h->seed, .next = h->seed, .limit_s = h->limit_s};
    memcpy(without.plan, h->plan, sizeof without.plan);
    sim_run_all(1, hunt_next, hunt_done, &without);
    return without.found;
}

static bool hunt(struct hunt *h, unsigned jobs)
{
    h->next = h->first;
    time_t began = time(NULL);
    do {
        h->found = false;
        sim_run_all(jobs, hunt_next, hunt_done, h);
    } while (h->found && fails_anyhow(h));
    if (h->found)
        printf("%-28s found after %llu seeds: plan %s seed %llu, %s\n", mutants[h->mutant],
               (unsigned long long)h->tried, h->in, (unsigned long long)h->seed, h->rule);
    else
        printf("%-28s NOT FOUND in %llu seeds, %ld s\n", mutants[h->mutant],
               (unsigned long long)h->tried, (long)(time(NULL) - began));
    fflush(stdout);
    return h->found;
}

/* What the file says of the mutant. */
static void read_hunt(const char *file, struct hunt *h)
{
    char line[LINE], name[64], plan[32];
    FILE *f = open_list(file);
    h->first = 1;
    h->last = MUTANT_SEEDS;
    while (next_line(f, line)) {
        unsigned long long seeds, first = 1;
        if (sscanf(line, "%63s %31s %llu %llu", name, plan, &seeds, &first) < 3 ||
            !sim_mutant_by_name(name)) {
            fprintf(stderr, "parley-sim: not a mutant, a plan and a number: %s", line);
            exit(2);
        }
        if (strcmp(name, mutants[h->mutant]) != 0)
            continue;
        h->first = first;
        h->last = seeds ? first + seeds - 1 : 0;
        if (strcmp(plan, "mix") != 0)
            memcpy(h->plan, plan, sizeof plan);
    }
    fclose(f);
}

int sim_mode_mutants(const char *file, const char *only, unsigned jobs, unsigned limit_s)
{
    unsigned found = 0, missed = 0;
    for (int i = 1; i < PAR_MUTANT_COUNT; i++) {
        struct hunt h = {.mutant = (enum par_mutant)i, .limit_s = limit_s};
        if (only && strcmp(only, mutants[i]) != 0)
            continue;
        read_hunt(file, &h);
        if (!h.last)
            printf("%-28s not looked for: see %s\n", mutants[i], file);
        else if (hunt(&h, jobs))
            found++;
        else
            missed++;
    }
    printf("%u passed, %u failed\n", found, missed);
    return missed > 0;
}
