/* Answering the request of a connection. */
#include "http/connection_private.h"

#include "base/stats.h"

/* Bodies over this are not copied twice: head and body are queued one after the other. */
#define JOIN_BYTES 4096

static void count(int status)
{
    par_stats_inc_at(PAR_C_HTTP_REQUESTS, (unsigned)status / 100);
}

static void no_memory(struct par_http_conn *conn)
{
    conn->reason = PAR_CLOSE_NO_MEMORY;
    par_tcp_abort(&conn->tcp);
}

void par_http_answer(struct par_http_conn *conn, const struct par_http_answer *answer,
                     struct par_str body)
{
    if (!conn->busy || conn->upgraded)
        return;
    struct par_buf b = {0};
    conn->keep_alive = conn->keep_alive && !conn->http->_draining;
    par_http_add_head(&b, answer, body.len, conn->keep_alive);
    if (!conn->head && body.len <= JOIN_BYTES)
        par_buf_add_str(&b, body);
    if (b.failed) {
        no_memory(conn);
    } else {
        par_tcp_write(&conn->tcp, b.data, b.len);
        if (!conn->head && body.len > JOIN_BYTES)
            par_tcp_write(&conn->tcp, body.ptr, body.len);
    }
    par_buf_fini(&b);
    count(answer->status);
    par_http__answered(conn);
}

void par_http_answer_shared(struct par_http_conn *conn, const struct par_http_answer *answer,
                            struct par_shared *body)
{
    if (!conn->busy || conn->upgraded)
        return;
    struct par_buf b = {0};
    conn->keep_alive = conn->keep_alive && !conn->http->_draining;
    par_http_add_head(&b, answer, body->len, conn->keep_alive);
    if (b.failed) {
        no_memory(conn);
    } else {
        par_tcp_write(&conn->tcp, b.data, b.len);
        if (!conn->head && body->len)
            par_tcp_write_shared(&conn->tcp, body);
    }
    par_buf_fini(&b);
    count(answer->status);
    par_http__answered(conn);
}

static void answer_error(struct par_http_conn *conn, int status, struct par_str headers,
                         enum par_err err, const char *message, uint64_t retry_after_ms)
{
    struct par_buf b = {0};
    par_http_add_error(&b, err, message ? message : "", retry_after_ms);
    if (b.failed) {
        no_memory(conn);
        par_http__answered(conn);
    } else {
        struct par_http_answer answer = {.status = status, .headers = headers};
        par_http_answer(conn, &answer, par_buf_str(&b));
    }
    par_buf_fini(&b);
}

void par_http_answer_error(struct par_http_conn *conn, enum par_err err, const char *message,
                           uint64_t retry_after_ms)
{
    if (conn->busy && !conn->upgraded)
        answer_error(conn, par_err_status(err), (struct par_str){0}, err, message, retry_after_ms);
}

void par_http_answer_status(struct par_http_conn *conn, int status, struct par_str headers,
                            const char *message)
{
    if (conn->busy && !conn->upgraded)
        answer_error(conn, status, headers, par_http_err_of_status(status), message, 0);
}

void par_http__refuse(struct par_http_conn *conn, int status, const char *why,
                      enum par_close reason)
{
    conn->reason = (uint8_t)reason;
    conn->busy = true;
    conn->keep_alive = false;
    conn->head = false;
    answer_error(conn, status, (struct par_str){0}, par_http_err_of_status(status), why, 0);
}
