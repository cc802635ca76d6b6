/* The metrics that every program has for Prometheus: CPU, memory, descriptors, start. */
#include "base/stats_private.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static void add(struct par_buf *out, const char *name, const char *type, const char *help,
                double value)
{
    par_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, type, name,
                   value);
}

/* Fields 22 (start, in ticks since boot), 23 (virtual bytes) and 24 (resident pages) of
 * /proc/self/stat. */
static bool read_stat(unsigned long long *start_r, unsigned long *virtual_r, long *resident_r)
{
    char text[1024];
    FILE *f = fopen("/proc/self/stat", "re");

    if (!f)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    /* The program's name, in brackets, may hold anything. */
    const char *rest = strrchr(text, ')');
    return rest &&
           sscanf(rest + 1,
                  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
                  "%*d %llu %lu %ld",
                  start_r, virtual_r, resident_r) == 3;
}

static double boot_time(void)
{
    char line[256];
    double boot = 0;
    FILE *f = fopen("/proc/stat", "re");

    if (!f)
        return 0;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "btime %lf", &boot) == 1)
            break;
    fclose(f);
    return boot;
}

static unsigned open_fds(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");

    if (!dir)
        return 0;
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.')
            n++;
    closedir(dir);
    /* Less the one that looked. */
    return n > 0 ? n - 1 : 0;
}

void par_stats__write_process(struct par_buf *out)
{
    struct rusage usage;
    struct rlimit files;
    unsigned long long start;
    unsigned long virtual_bytes;
    long resident;

    if (getrusage(RUSAGE_SELF, &usage) == 0)
        add(out, "process_cpu_seconds_total", "counter", "CPU time of the process.",
            (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    if (read_stat(&start, &virtual_bytes, &resident)) {
        add(out, "process_start_time_seconds", "gauge", "Start of the process since 1970.",
            boot_time() + (double)start / (double)sysconf(_SC_CLK_TCK));
        add(out, "process_virtual_memory_bytes", "gauge", "Virtual memory.", (double)virtual_bytes);
        add(out, "process_resident_memory_bytes", "gauge", "Resident memory.",
            (double)resident * (double)sysconf(_SC_PAGESIZE));
    }
    add(out, "process_open_fds", "gauge", "Open file descriptors.", open_fds());
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        add(out, "process_max_fds", "gauge", "File descriptors that may be open.",
            (double)files.rlim_cur);
}
