/* Push jobs, as a push service would see them: the waker has taken one, and its user is not
 * connected (the linker's --wrap brings the call here). */
#include "server/waker_private.h"
#include "sim/history.h"

enum par_waker__verdict __wrap_par_waker__wake(struct par_waker__item *item);

enum par_waker__verdict __wrap_par_waker__wake(struct par_waker__item *item)
{
    const struct par_push_job *job = &item->job;
    char conv[PAR_CONV_TEXT_MAX];
    size_t n = par_conv_format(&job->conv, conv);
    par_history_push(&sim_history.buf, sim_history_t(), job->user, par_str_of(conv, n), job->seq,
                     NULL);
    return PAR_WAKER_DONE;
}
