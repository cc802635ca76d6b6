/* parley-sim: runs simulated worlds and tells which of them broke a promise. */
#include "sim/modes.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum par_mutant par_mutant;

static const char *const faults[] = {
#define X(name, what) #name,
#include "sim/tbl/faults.h"
#undef X
};

static const char usage[] =
    "usage: parley-sim --seeds A..B [options]\n"
    "       parley-sim --regress FILE | --find-mutants FILE [--mutant NAME]\n"
    "  --plan NAME         only worlds of this plan (parley-sim --plans lists them)\n"
    "  --mutant NAME       with this planted bug (parley-sim --mutants lists them)\n"
    "  --twice             each seed twice, in two programs, and compares\n"
    "  --until-failure     ends with the first world that fails\n"
    "  --jobs N            worlds at a time (1)\n"
    "  --minutes M         goes on from A until the time is over\n"
    "  --limit S           real seconds that a world may take (60)\n"
    "  --trace             prints what happens, with virtual times (one seed)\n"
    "  --keep-history FILE writes the history of the world (one seed)\n"
    "  --figures           a line a world\n";

struct settings {
    uint64_t from, to, next;
    const char *plan, *keep, *self;
    bool trace, twice, figures, until_failure;
    enum par_mutant mutant;
    unsigned jobs, limit_s;
    time_t end;
    /* what came of it */
    uint64_t passed, failed, virtual_ns, switches, bytes, frames, sent, refused, lines;
    uint64_t faults[SIM_FAULTS];
};

static bool next_run(void *arg, struct sim_run *run_r)
{
    struct settings *s = arg;
    if (s->end ? time(NULL) >= s->end : s->next > s->to)
        return false;
    if (s->until_failure && s->failed)
        return false;
    *run_r = (struct sim_run){.seed = s->next++,
                              .plan = s->plan,
                              .trace = s->trace,
                              .keep = s->keep,
                              .limit_s = s->limit_s,
                              .mutant = s->mutant};
    return true;
}

static void run_done(void *arg, const struct sim_run *run, const struct sim_result *r)
{
    struct settings *s = arg;
    const struct sim_figures *f = &r->figures;
    bool failed = r->failed;
    if (failed)
        printf("seed %llu plan %s: %s, %s\n", (unsigned long long)r->seed, f->plan, r->rule,
               r->text);
    if (!failed && s->twice) {
        uint64_t other = sim_run_elsewhere(s->self, run);
        failed = other != f->hash;
        if (failed)
            printf("seed %llu plan %s: determinism, the second run differs (%016llx, %016llx)\n",
                   (unsigned long long)r->seed, f->plan, (unsigned long long)f->hash,
                   (unsigned long long)other);
    }
    if (s->figures)
        printf("seed %llu plan %s hash %016llx virtual %.1f s switches %llu lines %llu sent %llu\n",
               (unsigned long long)r->seed, f->plan, (unsigned long long)f->hash,
               (double)f->virtual_ns / 1e9, (unsigned long long)f->switches,
               (unsigned long long)f->lines, (unsigned long long)f->sent);
    fflush(stdout);
    s->passed += !failed;
    s->failed += failed;
    s->virtual_ns += f->virtual_ns;
    s->switches += f->switches;
    s->bytes += f->bytes;
    s->frames += f->frames_in + f->frames_out;
    s->sent += f->sent;
    s->refused += f->failed;
    s->lines += f->lines;
    for (int i = 0; i < SIM_FAULTS; i++)
        s->faults[i] += f->faults[i];
}

static void hash_only(struct settings *s, uint64_t seed)
{
    struct sim_figures figures;
    sim_course_run(seed, s->plan, false, NULL, NULL, &figures);
    printf("%016llx\n", (unsigned long long)figures.hash);
}

static void report(const struct settings *s, double seconds)
{
    double hours = (double)s->virtual_ns / 3.6e12;
    uint64_t worlds = s->passed + s->failed;
    printf("%llu worlds, %.2f virtual hours, %.1f s, %.1f worlds/s, %.0f virtual s for each real\n",
           (unsigned long long)worlds, hours, seconds, (double)worlds / seconds,
           hours * 3600 / seconds);
    printf("%llu messages sent, %llu refused, %llu frames, %llu lines of history, %llu MB on the "
           "net, %llu switches\n",
           (unsigned long long)s->sent, (unsigned long long)s->refused,
           (unsigned long long)s->frames, (unsigned long long)s->lines,
           (unsigned long long)(s->bytes >> 20), (unsigned long long)s->switches);
    printf("faults:");
    for (int i = 0; i < SIM_FAULTS; i++)
        if (s->faults[i])
            printf(" %s %llu", faults[i], (unsigned long long)s->faults[i]);
    printf("\n%llu passed, %llu failed\n", (unsigned long long)s->passed,
           (unsigned long long)s->failed);
}

static int list_plans(void)
{
    const char *what;
    for (unsigned i = 0; sim_plan_name(i, &what); i++)
        printf("%-16s %s\n", sim_plan_name(i, &what), what);
    return 0;
}

static int list_mutants(void)
{
    for (int i = 1; i < PAR_MUTANT_COUNT; i++)
        printf("%s\n", sim_mutant_name((enum par_mutant)i));
    return 0;
}

static bool read_seeds(const char *text, struct settings *s)
{
    char *end;
    s->from = s->to = strtoull(text, &end, 10);
    if (strncmp(end, "..", 2) == 0)
        s->to = strtoull(end + 2, &end, 10);
    s->next = s->from;
    return end != text && *end == 0;
}

static int wrong(const char *what)
{
    fprintf(stderr, "parley-sim: %s\n%s", what, usage);
    return 2;
}

int main(int argc, char **argv)
{
    enum {
        SEEDS = 1,
        PLAN,
        MUTANT,
        TWICE,
        JOBS,
        MINUTES,
        LIMIT,
        TRACE,
        KEEP,
        FIGURES,
        PLANS,
        MUTANTS,
        HASH,
        UNTIL,
        REGRESS,
        FIND,
        HELP
    };
    static const struct option options[] = {
        {"seeds", 1, NULL, SEEDS},       {"plan", 1, NULL, PLAN},
        {"mutant", 1, NULL, MUTANT},     {"twice", 0, NULL, TWICE},
        {"jobs", 1, NULL, JOBS},         {"minutes", 1, NULL, MINUTES},
        {"limit", 1, NULL, LIMIT},       {"trace", 0, NULL, TRACE},
        {"keep-history", 1, NULL, KEEP}, {"figures", 0, NULL, FIGURES},
        {"plans", 0, NULL, PLANS},       {"mutants", 0, NULL, MUTANTS},
        {"hash", 1, NULL, HASH},         {"until-failure", 0, NULL, UNTIL},
        {"regress", 1, NULL, REGRESS},   {"find-mutants", 1, NULL, FIND},
        {"help", 0, NULL, HELP},         {0}};
    struct settings s = {.jobs = 1, .limit_s = 60, .self = "/proc/self/exe"};
    const char *hash = NULL, *regress = NULL, *find = NULL, *mutant = NULL;
    bool seeds = false;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (o) {
        case SEEDS:
            seeds = read_seeds(optarg, &s);
            break;
        case PLAN:
            s.plan = optarg;
            break;
        case MUTANT:
            mutant = optarg;
            s.mutant = sim_mutant_by_name(optarg);
            if (!s.mutant)
                return wrong("there is no such mutant");
            break;
        case TWICE:
            s.twice = true;
            break;
        case JOBS:
            s.jobs = (unsigned)atoi(optarg);
            break;
        case MINUTES:
            s.end = time(NULL) + (time_t)(atof(optarg) * 60);
            break;
        case LIMIT:
            s.limit_s = (unsigned)atoi(optarg);
            break;
        case TRACE:
            s.trace = true;
            break;
        case KEEP:
            s.keep = optarg;
            break;
        case FIGURES:
            s.figures = true;
            break;
        case PLANS:
            return list_plans();
        case MUTANTS:
            return list_mutants();
        case HASH:
            hash = optarg;
            break;
        case UNTIL:
            s.until_failure = true;
            break;
        case REGRESS:
            regress = optarg;
            break;
        case FIND:
            find = optarg;
            break;
        case HELP:
            fputs(usage, stdout);
            return 0;
        default:
            return wrong("an unknown option");
        }
    }
    sim_env_prepare();
    if (hash) {
        hash_only(&s, strtoull(hash, NULL, 10));
        return 0;
    }
    if (regress && s.jobs)
        return sim_mode_regress(regress, s.jobs, s.limit_s);
    if (find && s.jobs)
        return sim_mode_mutants(find, mutant, s.jobs, s.limit_s);
    if (!seeds || s.jobs == 0 || s.limit_s == 0)
        return wrong("which seeds?");
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    sim_run_all(s.jobs, next_run, run_done, &s);
    clock_gettime(CLOCK_MONOTONIC, &b);
    report(&s, (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
    return s.failed > 0;
}
