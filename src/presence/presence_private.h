/* What a presence driver is: the operations that the wrapper calls. */
#ifndef PAR_PRESENCE_PRIVATE_H
#define PAR_PRESENCE_PRIVATE_H

#include "parley/presence.h"

/* All members but the last group are required. `set` returns 1 when it was a transition, 0 when
 * nothing changed, -1 when the driver failed. */
struct par_presence_ops {
    const char *name;
    void *(*open)(const struct par_presence_config *config);
    void (*close)(void *driver);
    int (*set)(void *driver, uint64_t user, bool online, enum par_err *err_r);
    enum par_err (*get)(void *driver, const uint64_t *users, size_t count, bool *online_r);
    uint64_t (*users)(const void *driver);
    void (*fail)(void *driver, enum par_err err, uint32_t count);

    /* Remote drivers only. listen: where transitions that others made are told. */
    bool remote;
    void (*listen)(void *driver, par_presence_change_fn fn, void *arg);
    enum par_err (*beat)(void *driver);
    void (*watch)(void *driver, uint64_t user, bool watched);
    /* Optional: waiting, max_waiting and refused. */
    void (*gauges)(const void *driver, struct par_presence_stats *stats);
};

extern const struct par_presence_ops par_presence__local;
extern const struct par_presence_ops par_presence__fail;
extern const struct par_presence_ops par_presence__redis; /* with PARLEY_CLUSTER only */

/* One more driver, of a simulated world; NULL in the product. Set before it is opened. */
extern const struct par_presence_ops *par_presence__extra;

#endif
