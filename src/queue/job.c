/* A push job as bytes: version, reason, user, conversation, seq, ts, from, text. */
#include "queue/job.h"

enum { VERSION = 1 };

void par_push_job_encode(const struct par_push_job *job, struct par_buf *out)
{
    size_t len = job->text.len < PAR_PUSH_JOB_TEXT_MAX ? job->text.len : PAR_PUSH_JOB_TEXT_MAX;
    /* Not in the middle of a character. */
    while (len > 0 && len < job->text.len && ((uint8_t)job->text.ptr[len] & 0xC0) == 0x80)
        len--;
    par_buf_add_u8(out, VERSION);
    par_buf_add_u8(out, (uint8_t)job->reason);
    par_buf_add_u64(out, job->user);
    par_buf_add(out, &job->conv, sizeof job->conv);
    par_buf_add_u64(out, job->seq);
    par_buf_add_u64(out, (uint64_t)job->ts);
    par_buf_add_u64(out, job->from);
    par_buf_add_u32(out, (uint32_t)len);
    par_buf_add(out, job->text.ptr, len);
}

bool par_push_job_decode(struct par_str bytes, struct par_push_job *job_r)
{
    struct par_cursor c = par_cursor(bytes);
    uint8_t version, reason;
    struct par_str conv;
    uint64_t ts;
    uint32_t len;
    *job_r = (struct par_push_job){0};
    if (!par_cursor_u8(&c, &version) || version != VERSION || !par_cursor_u8(&c, &reason) ||
        reason < PAR_PUSH_TEXT || reason > PAR_PUSH_MISSED || !par_cursor_u64(&c, &job_r->user) ||
        !par_cursor_bytes(&c, sizeof job_r->conv, &conv) || !par_cursor_u64(&c, &job_r->seq) ||
        !par_cursor_u64(&c, &ts) || !par_cursor_u64(&c, &job_r->from) ||
        !par_cursor_u32(&c, &len) || len > PAR_PUSH_JOB_TEXT_MAX ||
        !par_cursor_bytes(&c, len, &job_r->text) || par_cursor_left(&c) > 0)
        return false;
    memcpy(&job_r->conv, conv.ptr, sizeof job_r->conv);
    if (job_r->conv.kind != PAR_CONV_DIRECT && job_r->conv.kind != PAR_CONV_GROUP)
        return false;
    job_r->reason = (enum par_push_reason)reason;
    job_r->ts = (int64_t)ts;
    return true;
}
