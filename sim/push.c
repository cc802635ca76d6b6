/* Push jobs, as a push service would see them: of one server when the queue has taken them (the
 * linker's --wrap brings the call here), of many when they are in the log. */
#include "sim/push.h"

#include "sim/history.h"

static bool embedded;

static void note_job(const struct par_push_job *job)
{
    char conv[PAR_CONV_TEXT_MAX];
    size_t n = par_conv_format(&job->conv, conv);
    par_history_push(&sim_history.buf, sim_history_t(), job->user, par_str_of(conv, n), job->seq,
                     NULL);
}

static void in_the_log(void *arg, const struct par_push_job *job)
{
    (void)arg;
    note_job(job);
}

void sim_push_watch(struct sim_log *log)
{
    embedded = !log;
    if (log)
        sim_log_on_push(log, in_the_log, NULL);
}

enum par_err __real_par_queue_push_job(struct par_queue *q, const struct par_push_job *job);
enum par_err __wrap_par_queue_push_job(struct par_queue *q, const struct par_push_job *job);

enum par_err __wrap_par_queue_push_job(struct par_queue *q, const struct par_push_job *job)
{
    enum par_err err = __real_par_queue_push_job(q, job);
    if (!err && embedded)
        note_job(job);
    return err;
}
