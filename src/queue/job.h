/* A push job as bytes, for queues that keep it. */
#ifndef PAR_QUEUE_JOB_H
#define PAR_QUEUE_JOB_H

#include "base/buf.h"
#include "parley/err.h"
#include "parley/push.h"

enum { PAR_PUSH_JOB_TEXT_MAX = 4096 }; /* of the text; more is cut, as no phone shows it */

/* Appends the bytes; out->failed when memory is refused. Any thread. */
void par_push_job_encode(const struct par_push_job *job, struct par_buf *out);
/* The job in these bytes; its text borrows from them. False when they are none. Any thread. */
bool par_push_job_decode(struct par_str bytes, struct par_push_job *job_r) PAR_MUST_CHECK;

#endif
