/* Fuzzes the checker with histories: whatever stands in one, it ends with a fault or a verdict, and
 * with the same one however the text was handed over. */
#include "check/check.h"

#include <stdlib.h>

enum { UNREADABLE = -1 };

static long long verdict(struct par_str first, struct par_str second)
{
    struct par_check *c = par_check_new();
    struct par_buf report = {0};
    uint32_t line;
    long long result = UNREADABLE;
    if (c && par_check_feed(c, first) && par_check_feed(c, second)) {
        size_t violations = par_check_finish(c);
        if (!*par_check_fault(c, &line))
            result = (long long)violations;
        par_check_report(c, &report);
        if (result >= 0 && (result > 0) != (report.len > 0))
            abort();
        par_check_counts(c, &report);
    }
    if (c && result == UNREADABLE && !*par_check_fault(c, &line))
        abort();
    par_buf_fini(&report);
    par_check_free(&c);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct par_str all = par_str_of(data, size);
    const char *middle = size ? memchr(data + size / 2, '\n', size - size / 2) : NULL;
    size_t half = middle ? (size_t)(middle + 1 - all.ptr) : 0;
    long long whole = verdict(all, PAR_STR(""));
    if (whole != verdict(par_str_of(all.ptr, half), par_str_of(all.ptr + half, size - half)))
        abort();
    return 0;
}
