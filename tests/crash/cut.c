/* Cuts a recorded run, opens what is left, and says how many of the cuts ended how.
 *
 *   crash_cut cuts   --log FILE --told FILE --work DIR [--seed N] [--cuts N] [--lie SUFFIX:EVERY]
 *                    [--rest NAME]
 *   crash_cut double … --recorder LIB   after each cut the store is opened, and cut again
 *   crash_cut damage …                  after each cut something durable is damaged
 *   crash_cut image  … --at CUT --rest NAME   makes DIR/store of one cut, and stops
 *   crash_cut check  … --at CUT               opens DIR/store as it is
 *
 * For copies: --store PATH is where the store is below DIR, made first of --restore or --import
 * PATH; it holds the facts told before record --facts, or, in cuts up to --done, is refused.
 * --after N and --before N make all cuts lie between those, --keep DIR keeps the first bad ones,
 * --file PART damages only files with this in their path.
 *
 * Each bad cut is a line `cut=… rest=… seed=… verdict=… why`; the last line is JSON. The exit code
 * says only whether it could be done. */
#include "check.h"
#include "damage.h"
#include "disk.h"

#include "base/log.h"
#include "store/rocksdb/folder.h"

#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_SECONDS = 60, SECOND_CUTS = 12, SHOWN = 20 };

struct run {
    const char *log, *told_path, *recorder, *keep, *file;
    const char *store, *restore, *import; /* below `work` */
    uint64_t facts, done;                 /* of a copy; 0: it is none */
    char work[PAR_STORE_PATH_MAX];
    uint64_t seed, cuts, at, after, before;
    int rest; /* -1: all in turn */
    struct crash_lie lie;

    struct crash_disk *disk;
    struct crash_told *told;
    size_t told_count;
    uint64_t verdicts[CRASH_VERDICTS];
    uint64_t shown;
};

/* ---- One check, in a process of its own ---- */

struct report {
    enum crash_verdict verdict;
    char why[1024];
};

static enum crash_verdict check(const struct run *run, uint64_t until, char why_r[1024])
{
    char folder[PAR_STORE_PATH_MAX], from[PAR_STORE_PATH_MAX];
    const char *name = run->restore != NULL ? run->restore : run->import;
    struct crash_question q = {.folder = folder, .until = until, .copy = run->facts > 0};
    par_rocksdb__path(folder, run->work, run->store);
    if (name != NULL)
        par_rocksdb__path(from, run->work, name);
    q.restore = run->restore != NULL ? from : NULL;
    q.import = run->import != NULL ? from : NULL;
    if (q.copy && q.until > run->facts)
        q.until = run->facts;
    return crash_check(&q, run->told, run->told_count, why_r);
}

/* What the child says on its standard error goes to the same place as its report's reason. */
static struct report check_in_child(const struct run *run, uint64_t until, char *const exec[],
                                    char *const env[])
{
    struct report report = {.verdict = CRASH_DIED};
    int ends[2], errors[2];
    if (pipe(ends) != 0 || pipe(errors) != 0)
        err(2, "pipe");
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        err(2, "fork");
    if (pid == 0) {
        dup2(errors[1], 2);
        alarm(CHILD_SECONDS);
        if (exec != NULL) {
            dup2(ends[1], 1);
            execve("/proc/self/exe", exec, env);
            _exit(3);
        }
        report.verdict = check(run, until, report.why);
        if (write(ends[1], &report, sizeof report) != (ssize_t)sizeof report)
            _exit(3);
        kill(getpid(), SIGKILL);
    }
    close(ends[1]);
    close(errors[1]);
    ssize_t n = read(ends[0], &report, sizeof report);
    if (n != (ssize_t)sizeof report) {
        report.verdict = CRASH_DIED;
        n = read(errors[0], report.why, sizeof report.why - 1);
        report.why[n > 0 ? n : 0] = '\0';
        report.why[strcspn(report.why, "\n")] = '\0';
    }
    close(ends[0]);
    close(errors[0]);
    waitpid(pid, NULL, 0);
    return report;
}

/* A bad cut is told, and the first ones are kept. */
static void count(struct run *run, const char *where, const struct crash_image *image,
                  const struct report *report, bool bad)
{
    char kept[PAR_STORE_PATH_MAX + 32];
    run->verdicts[report->verdict]++;
    if (!bad || run->shown++ >= SHOWN)
        return;
    printf("%s verdict=%s %s\n", where, crash_verdict_name(report->verdict), report->why);
    snprintf(kept, sizeof kept, "%s/%llu", run->keep, (unsigned long long)run->shown);
    if (run->keep != NULL)
        crash_image_write(image, kept);
}

/* ---- Which cuts ---- */

/* The i-th of n: every other one is a sync's boundary, in order over the whole run; the others are
 * anywhere. */
static uint64_t choose(const struct run *run, uint64_t i)
{
    uint64_t end = run->before > 0 ? run->before : crash_disk_end(run->disk);
    uint64_t random = crash_mix(run->seed, i);
    if (run->at > 0)
        return run->at;
    if (i % 4 == 3)
        return 1 + run->after + random % (end - run->after);
    uint64_t first = 1 + run->after, all = end - first;
    uint64_t from = first + i * all / run->cuts;
    uint64_t until = first + (i + 1) * all / run->cuts;
    uint64_t at = from + random % (until - from + 1);
    while (at < end && !crash_disk_boundary(run->disk, at))
        at++;
    return at;
}

static enum crash_rest choose_rest(const struct run *run, uint64_t i)
{
    return run->rest >= 0 ? (enum crash_rest)run->rest
                          : (enum crash_rest)(crash_mix(run->seed, ~i) % CRASH_REST_COUNT);
}

/* ---- The commands ---- */

static void cut_once(struct run *run)
{
    for (uint64_t i = 0; i < run->cuts; i++) {
        struct crash_image image;
        char where[128];
        uint64_t at = choose(run, i), seed = crash_mix(run->seed, i * 3);
        enum crash_rest rest = choose_rest(run, i);
        crash_disk_cut(run->disk, at, rest, seed, &image);
        crash_image_write(&image, run->work);
        struct report report = check_in_child(run, at, NULL, NULL);
        snprintf(where, sizeof where, "cut=%llu rest=%s seed=%llu", (unsigned long long)at,
                 crash_rest_name(rest), (unsigned long long)seed);
        /* A copy that nobody was told is done may say that it is none. */
        bool fits =
            report.verdict == CRASH_GOOD || (report.verdict == CRASH_REFUSED && at <= run->done);
        count(run, where, &image, &report, !fits);
        crash_image_fini(&image);
    }
}

/* Opens the store under the recorder, which leaves a log of what recovery wrote. */
static struct report open_recorded(const struct run *run, const char *log, uint64_t until)
{
    char at[32], preload[2 * PAR_STORE_PATH_MAX], root[2 * PAR_STORE_PATH_MAX],
        to[2 * PAR_STORE_PATH_MAX];
    snprintf(at, sizeof at, "%llu", (unsigned long long)until);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", run->recorder);
    snprintf(root, sizeof root, "CRASH_ROOT=%s", run->work);
    snprintf(to, sizeof to, "CRASH_LOG=%s", log);
    char *const args[] = {"crash_cut", "child",
                          "--told",    (char *)(uintptr_t)run->told_path,
                          "--work",    (char *)(uintptr_t)run->work,
                          "--at",      at,
                          NULL};
    char *const env[] = {preload, root, to, NULL};
    return check_in_child(run, until, args, env);
}

/* What is left is opened, the power is cut while it recovers, and what is left then is opened. */
static void cut_twice(struct run *run)
{
    char log[PAR_STORE_PATH_MAX + 8];
    snprintf(log, sizeof log, "%s.log", run->work);
    for (uint64_t i = 0; i < run->cuts; i++) {
        struct crash_image image, second;
        char where[192];
        uint64_t at = choose(run, i), seed = crash_mix(run->seed, i * 3);
        enum crash_rest rest = choose_rest(run, i);
        crash_disk_cut(run->disk, at, rest, seed, &image);
        crash_image_write(&image, run->work);
        unlink(log);
        struct report report = open_recorded(run, log, at);
        int n = snprintf(where, sizeof where, "cut=%llu rest=%s seed=%llu", (unsigned long long)at,
                         crash_rest_name(rest), (unsigned long long)seed);
        count(run, where, &image, &report, report.verdict != CRASH_GOOD);
        struct crash_disk *disk = crash_disk_load(log, &image, (struct crash_lie){0});
        uint64_t end = crash_disk_end(disk);
        for (uint64_t j = 0; j < SECOND_CUTS; j++) {
            uint64_t again = 1 + j * (end - 1) / (SECOND_CUTS - 1);
            enum crash_rest other = (enum crash_rest)(crash_mix(seed, j) % CRASH_REST_COUNT);
            while (again < end && !crash_disk_boundary(disk, again))
                again++;
            crash_disk_cut(disk, again, other, seed + j, &second);
            crash_image_write(&second, run->work);
            report = check_in_child(run, at, NULL, NULL);
            snprintf(where + n, sizeof where - (size_t)n, " then=%llu of %llu rest=%s",
                     (unsigned long long)again, (unsigned long long)end, crash_rest_name(other));
            count(run, where, &second, &report, report.verdict != CRASH_GOOD);
            crash_image_fini(&second);
        }
        crash_disk_free(&disk);
        crash_image_fini(&image);
    }
    unlink(log);
}

/* How much of a manifest was noted, which is nothing of one that has just begun; all of any other
 * file. */
static uint64_t noted(const struct run *run, const char *path)
{
    static const char manifest[] = "store/db/MANIFEST-";
    struct par_rocksdb__folder folder = {.note_fd = -1, .lock_fd = -1};
    uint64_t ignored;
    if (strncmp(path, manifest, strlen(manifest)) != 0)
        return UINT64_MAX;
    par_rocksdb__path(folder.path, run->work, "store");
    par_rocksdb__note_read(&folder, &ignored);
    close(folder.note_fd);
    uint64_t number = strtoull(path + strlen(manifest), NULL, 10);
    return number == folder.proof.number ? folder.proof.size : 0;
}

/* An empty log may be one that was just begun: nothing tells it from one that lost all it had, but
 * for the last one, whose rows the note misses. */
static bool is_empty_log(const struct crash_node *node)
{
    size_t len = strlen(node->path);
    return node->bytes.len == 0 && len > 4 && strcmp(node->path + len - 4, ".log") == 0;
}

/* Everything written is there but for one damage: that must show itself, or not matter. The end of
 * a manifest that is newer than the last note is not covered: a cut could have left it so. */
static void cut_and_damage(struct run *run)
{
    for (uint64_t i = 0; i < run->cuts; i++) {
        struct crash_image image;
        char where[512], what[256];
        uint64_t at = choose(run, i), seed = crash_mix(run->seed, i * 3), offset = 0;
        crash_disk_cut(run->disk, at, CRASH_ALL, seed, &image);
        const struct crash_node *node = NULL;
        if (crash_image_find(&image, "store/released") != NULL) {
            crash_image_write(&image, run->work);
            node = crash_damage(&image, run->file, seed, &offset, what);
        }
        if (node == NULL || is_empty_log(node) || offset >= noted(run, node->path)) {
            crash_image_fini(&image);
            continue;
        }
        /* Without its note the store is a copy by design: it says so by a new incarnation. */
        bool is_note = strcmp(node->path, "store/released") == 0;
        crash_image_write(&image, run->work);
        struct report report = check_in_child(run, at, NULL, NULL);
        snprintf(where, sizeof where, "cut=%llu %s", (unsigned long long)at, what);
        count(run, where, &image, &report,
              report.verdict != CRASH_GOOD && report.verdict != CRASH_REFUSED &&
                  report.verdict != CRASH_UNREADABLE &&
                  !(is_note && strstr(report.why, "incarnation")));
        crash_image_fini(&image);
    }
}

static void make_image(struct run *run)
{
    struct crash_image image;
    crash_disk_cut(run->disk, run->at, run->rest < 0 ? CRASH_ALL : (enum crash_rest)run->rest,
                   run->seed, &image);
    crash_image_write(&image, run->work);
    crash_image_fini(&image);
}

/* The store in DIR as it is, for tests that change what a cut left. */
static void check_folder(struct run *run)
{
    struct crash_image none = {0};
    struct report report = check_in_child(run, run->at, NULL, NULL);
    run->keep = NULL;
    count(run, run->work, &none, &report, report.verdict != CRASH_GOOD);
}

/* The process that open_recorded() starts. */
static int child(struct run *run)
{
    struct report report;
    report.verdict = check(run, run->at, report.why);
    if (write(1, &report, sizeof report) != (ssize_t)sizeof report)
        return 3;
    return raise(SIGKILL);
}

static void summary(const struct run *run)
{
    uint64_t all = 0;
    for (int v = 0; v < CRASH_VERDICTS; v++)
        all += run->verdicts[v];
    printf("{\"cuts\":%llu,\"records\":%llu,\"facts\":%zu,\"bad\":%llu", (unsigned long long)all,
           (unsigned long long)crash_disk_end(run->disk) - 1, run->told_count,
           (unsigned long long)run->shown);
    for (int v = 0; v < CRASH_VERDICTS; v++)
        printf(",\"%s\":%llu", crash_verdict_name((enum crash_verdict)v),
               (unsigned long long)run->verdicts[v]);
    printf("}\n");
}

static int rest_of(const char *name)
{
    for (int i = 0; i < CRASH_REST_COUNT; i++)
        if (strcmp(crash_rest_name((enum crash_rest)i), name) == 0)
            return i;
    errx(2, "there is no rest %s", name);
}

static void options(struct run *run, int argc, char **argv)
{
    static const struct option names[] = {
        {"log", 1, NULL, 'l'},      {"told", 1, NULL, 't'},    {"work", 1, NULL, 'w'},
        {"recorder", 1, NULL, 'r'}, {"keep", 1, NULL, 'k'},    {"file", 1, NULL, 'f'},
        {"seed", 1, NULL, 's'},     {"cuts", 1, NULL, 'n'},    {"lie", 1, NULL, 'L'},
        {"rest", 1, NULL, 'R'},     {"at", 1, NULL, 'a'},      {"after", 1, NULL, 'A'},
        {"store", 1, NULL, 'S'},    {"restore", 1, NULL, 'B'}, {"import", 1, NULL, 'I'},
        {"before", 1, NULL, 'b'},   {"facts", 1, NULL, 'F'},   {"done", 1, NULL, 'D'},
        {NULL, 0, NULL, 0}};
    char *colon;
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (c) {
        case 'l':
            run->log = optarg;
            break;
        case 't':
            run->told_path = optarg;
            break;
        case 'w':
            snprintf(run->work, sizeof run->work, "%s", optarg);
            break;
        case 'r':
            run->recorder = optarg;
            break;
        case 'k':
            run->keep = optarg;
            break;
        case 'S':
            run->store = optarg;
            break;
        case 'B':
            run->restore = optarg;
            break;
        case 'I':
            run->import = optarg;
            break;
        case 'F':
            run->facts = strtoull(optarg, NULL, 10);
            break;
        case 'D':
            run->done = strtoull(optarg, NULL, 10);
            break;
        case 'f':
            run->file = optarg;
            break;
        case 's':
            run->seed = strtoull(optarg, NULL, 10);
            break;
        case 'n':
            run->cuts = strtoull(optarg, NULL, 10);
            break;
        case 'a':
            run->at = strtoull(optarg, NULL, 10);
            break;
        case 'b':
            run->before = strtoull(optarg, NULL, 10);
            break;
        case 'A':
            run->after = strtoull(optarg, NULL, 10);
            break;
        case 'R':
            run->rest = rest_of(optarg);
            break;
        case 'L':
            colon = strrchr(optarg, ':');
            if (colon == NULL)
                errx(2, "--lie SUFFIX:EVERY");
            *colon = '\0';
            run->lie = (struct crash_lie){optarg, (unsigned)strtoul(colon + 1, NULL, 10)};
            break;
        default:
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    static struct run run = {.cuts = 100, .seed = 1, .rest = -1, .store = "store"};
    static const struct {
        const char *name;
        void (*call)(struct run *);
    } commands[] = {{"cuts", cut_once},
                    {"double", cut_twice},
                    {"damage", cut_and_damage},
                    {"image", make_image},
                    {"check", check_folder}};
    if (argc < 2)
        errx(2, "which command?");
    const char *command = argv[1];
    options(&run, argc - 1, argv + 1);
    par_log_set_level(PAR_LOG_ERROR);
    if (run.told_path != NULL)
        run.told = crash_told_load(run.told_path, &run.told_count);
    if (strcmp(command, "child") == 0)
        return child(&run);
    if (run.log == NULL || run.work[0] == '\0')
        errx(2, "--log and --work are missing");
    run.disk = crash_disk_load(run.log, NULL, run.lie);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, command) != 0)
            continue;
        commands[i].call(&run);
        summary(&run);
        return 0;
    }
    errx(2, "there is no command %s", command);
}
