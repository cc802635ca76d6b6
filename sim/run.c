/* Running worlds in children. */
#include "sim/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
    pid_t pid;
    int from;
    struct sim_run run;
};

static struct sim_result *mine;
static int to_parent = -1;

static void tell(void)
{
    const char *p = (const char *)mine;
    size_t left = sizeof *mine;
    while (left) {
        ssize_t n = write(to_parent, p, left);
        if (n <= 0)
            _exit(SIM_FAILED);
        p += n;
        left -= (size_t)n;
    }
}

/* In a build that counts lines; _exit would lose what was counted. */
extern void __gcov_dump(void) __attribute__((weak));
static void write_coverage(void)
{
    if (__gcov_dump)
        __gcov_dump();
}

static void failed(const char *rule, const char *text)
{
    mine->failed = true;
    snprintf(mine->rule, sizeof mine->rule, "%s", rule);
    snprintf(mine->text, sizeof mine->text, "%s", text);
    mine->figures.virtual_ns = sim_now_ns();
    mine->figures.hash = sim_trace_hash();
    memcpy(mine->figures.faults, sim_fault_counts(), sizeof mine->figures.faults);
    tell();
    _exit(SIM_FAILED);
}

static void begin(struct child *child)
{
    int pipes[2];
    fflush(NULL);
    if (pipe(pipes) != 0 || (child->pid = fork()) < 0) {
        perror("parley-sim");
        exit(2);
    }
    if (child->pid > 0) {
        close(pipes[1]);
        child->from = pipes[0];
        return;
    }
    close(pipes[0]);
    to_parent = pipes[1];
    mine = calloc(1, sizeof *mine);
    if (!mine)
        _exit(SIM_FAILED);
    mine->seed = child->run.seed;
    par_mutant = child->run.mutant;
    alarm(child->run.limit_s); /* whose signal ends it */
    sim_course_run(child->run.seed, child->run.plan, child->run.trace, child->run.keep, failed,
                   &mine->figures);
    tell();
    write_coverage();
    _exit(SIM_PASSED);
}

static void end(struct child *child, int status, struct sim_result *result_r)
{
    char *p = (char *)result_r;
    size_t got = 0;
    *result_r = (struct sim_result){.seed = child->run.seed};
    while (got < sizeof *result_r) {
        ssize_t n = read(child->from, p + got, sizeof *result_r - got);
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    close(child->from);
    if (got == sizeof *result_r && (result_r->failed || status == 0))
        return;
    result_r->failed = true;
    result_r->seed = child->run.seed;
    bool hang = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    snprintf(result_r->rule, sizeof result_r->rule, hang ? "hang" : "crash");
    if (hang)
        snprintf(result_r->text, sizeof result_r->text, "not done after %u s of real time",
                 child->run.limit_s);
    else if (WIFSIGNALED(status))
        snprintf(result_r->text, sizeof result_r->text, "signal %d", WTERMSIG(status));
    else
        snprintf(result_r->text, sizeof result_r->text, "exit code %d", WEXITSTATUS(status));
}

void sim_run_all(unsigned jobs, sim_next_fn next, sim_done_fn done, void *arg)
{
    struct child *children = calloc(jobs, sizeof *children);
    struct sim_result *result = calloc(1, sizeof *result);
    unsigned running = 0;
    bool more = true;
    if (!children || !result)
        abort();
    while (more || running) {
        while (more && running < jobs) {
            unsigned i = 0;
            while (children[i].pid)
                i++;
            more = next(arg, &children[i].run);
            if (more) {
                begin(&children[i]);
                running++;
            }
        }
        int status;
        pid_t pid = running ? waitpid(-1, &status, 0) : 0;
        for (unsigned i = 0; pid > 0 && i < jobs; i++) {
            if (children[i].pid != pid)
                continue;
            end(&children[i], status, result);
            children[i].pid = 0;
            running--;
            done(arg, &children[i].run, result);
        }
    }
    free(children);
    free(result);
}

uint64_t sim_run_elsewhere(const char *self, const struct sim_run *run)
{
    char seeds[64], line[256];
    int pipes[2];
    snprintf(seeds, sizeof seeds, "%llu", (unsigned long long)run->seed);
    fflush(NULL);
    if (pipe(pipes) != 0)
        return 0;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipes[1], 1);
        close(pipes[0]);
        close(pipes[1]);
        /* Other addresses everywhere: a larger environment, another heap. */
        char filling[3000];
        memset(filling, 'x', sizeof filling - 1);
        filling[sizeof filling - 1 - run->seed % 2000] = 0;
        setenv("PARLEY_SIM_FILLING", filling, 1);
        setenv("MALLOC_TOP_PAD_", "1048576", 1);
        const char *args[] = {self, "--hash", seeds, run->plan ? "--plan" : NULL, run->plan, NULL};
        execv(self, (char *const *)(uintptr_t)args);
        _exit(127);
    }
    close(pipes[1]);
    size_t n = 0;
    for (ssize_t got; n < sizeof line - 1; n += (size_t)got)
        if ((got = read(pipes[0], line + n, sizeof line - 1 - n)) <= 0)
            break;
    line[n] = 0;
    close(pipes[0]);
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        return 0;
    return strtoull(line, NULL, 16);
}
