/* Users who go for good while the world runs, each in its own way: what comes later has to wake
 * them. */
#include "sim/leave.h"

#include <stdlib.h>

enum how { CLOSES = 0 /* in good order */, BREAKS, SILENT, SIGNS_OUT, WAYS };

struct leaver {
    struct par_timer timer;
    struct sim_devices *all;
    unsigned user;
    enum how how;
};

static void leaves(struct par_timer *timer)
{
    struct leaver *l = PAR_CONTAINER(timer, struct leaver, timer);
    static const char *const ways[WAYS] = {"closes", "breaks off", "is silent", "signs out"};
    sim_fault(SIM_FAULT_USER_LEFT, ways[l->how]);
    for (unsigned i = 0; i < l->all->device_count; i++) {
        struct sim_device *d = &l->all->device[i];
        if (d->user->index != l->user || d->left)
            continue;
        if (l->how == SIGNS_OUT && d->running && !d->dying) {
            d->left = true;
            par_timer_cancel(&d->act);
            sim_device_sign_out(d);
        } else if (l->how == BREAKS || l->how == SIGNS_OUT) {
            d->left = true;
            sim_device_off(d);
        } else {
            sim_device_leave(d, l->how == SILENT);
        }
    }
    free(l);
}

void sim_leave_begin(struct sim_devices *all, unsigned count, uint64_t within_ns)
{
    struct sim_random r;
    sim_random_init(&r, "leavers", 0);
    /* One at least stays, and the last may go by another plan. */
    for (unsigned i = 0; i < count && i + 2 < all->user_count; i++) {
        struct leaver *l = malloc(sizeof *l);
        if (!l)
            abort();
        *l = (struct leaver){.all = all,
                             .user = all->user_count - 2 - i,
                             .how = (enum how)sim_random_below(&r, WAYS)};
        par_timer_init(&l->timer, leaves);
        par_timer_set(all->loop, &l->timer, sim_random_in(&r, SIM_S, within_ns) / SIM_MS);
    }
}
