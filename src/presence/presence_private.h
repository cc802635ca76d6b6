/* What a presence driver is: the operations that the wrapper calls. */
#ifndef PAR_PRESENCE_PRIVATE_H
#define PAR_PRESENCE_PRIVATE_H

#include "parley/presence.h"

/* All members are required. `set` returns 1 when it was a transition, 0 when nothing changed, -1
 * when the driver failed. */
struct par_presence_ops {
    const char *name;
    void *(*open)(const struct par_presence_config *config);
    void (*close)(void *driver);
    int (*set)(void *driver, uint64_t user, bool online, enum par_err *err_r);
    enum par_err (*get)(void *driver, const uint64_t *users, size_t count, bool *online_r);
    uint64_t (*users)(const void *driver);
    void (*fail)(void *driver, enum par_err err, uint32_t count);
};

extern const struct par_presence_ops par_presence__local;
extern const struct par_presence_ops par_presence__fail;

#endif
