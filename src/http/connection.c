/* The life of an HTTP connection: reading, one request at a time, deadlines and the end. */
#include "http/connection_private.h"

#include "base/stats.h"
#include "loop/env.h"

static const struct par_tcp_ops tcp_ops;

static struct par_http_conn *conn_of(struct par_tcp *t)
{
    return PAR_CONTAINER(t, struct par_http_conn, tcp);
}

/* ---- of all connections ---- */

static bool has_id(const struct par_map_node *node, const void *key, size_t len)
{
    (void)len;
    uint64_t id;
    memcpy(&id, key, sizeof id);
    return PAR_CONTAINER(node, struct par_http_conn, by_id)->id == id;
}

void par_http_init(struct par_http *http, struct par_loop *loop, uint8_t id_prefix,
                   const struct par_http_settings *settings, par_http_request_fn on_request,
                   par_http_closed_fn on_closed, void *arg)
{
    uint64_t seed[2];
    par_random(seed, sizeof seed);
    *http = (struct par_http){._loop = loop,
                              ._settings = *settings,
                              ._on_request = on_request,
                              ._on_closed = on_closed,
                              ._arg = arg,
                              ._next_id = (uint64_t)id_prefix << 56};
    par_slab_init(&http->_slab, "http_connections", sizeof(struct par_http_conn));
    par_map_init(&http->_ids, seed, has_id);
    par_list_init(&http->_conns);
}

void par_http_fini(struct par_http *http)
{
    par_map_fini(&http->_ids);
    par_slab_fini(&http->_slab);
}

size_t par_http_memory(const struct par_http *http)
{
    return par_slab_bytes(&http->_slab);
}

size_t par_http_count(const struct par_http *http)
{
    return par_slab_live(&http->_slab);
}

void par_http_drain(struct par_http *http)
{
    http->_draining = true;
}

void par_http_abort_all(struct par_http *http)
{
    PAR_LIST_FOR_EACH (node, &http->_conns) {
        struct par_http_conn *conn = PAR_CONTAINER(node, struct par_http_conn, node);
        par_http__close(conn, PAR_CLOSE_GOING_AWAY);
        par_tcp_abort(&conn->tcp);
    }
}

/* ---- ids ---- */

uint64_t par_http_conn_id(struct par_http_conn *conn)
{
    if (!conn->id) {
        conn->id = ++conn->http->_next_id;
        if (!par_map_insert_u64(&conn->http->_ids, &conn->by_id, conn->id))
            conn->id = 0;
    }
    return conn->id;
}

/* The next request gets another id, so that an answer cannot come to the wrong one. */
static void drop_id(struct par_http_conn *conn)
{
    if (conn->id)
        par_map_remove(&conn->http->_ids, &conn->by_id);
    conn->id = 0;
}

struct par_http_conn *par_http_conn_find(struct par_http *http, uint64_t id)
{
    struct par_map_node *node = id ? par_map_find_u64(&http->_ids, id) : NULL;
    return node ? PAR_CONTAINER(node, struct par_http_conn, by_id) : NULL;
}

const struct par_addr *par_http_conn_peer(const struct par_http_conn *conn)
{
    return par_tcp_peer(&conn->tcp);
}

struct par_http *par_http_conn_http(const struct par_http_conn *conn)
{
    return conn->http;
}

const struct par_http_request *par_http_conn_request(const struct par_http_conn *conn)
{
    PAR_ASSERT(conn->busy && conn->parser);
    return par_http_parser_request(conn->parser);
}

/* ---- the end ---- */

void par_http__close(struct par_http_conn *conn, enum par_close reason)
{
    if (!conn->reason)
        conn->reason = (uint8_t)reason;
    par_timer_cancel(&conn->timer);
    par_tcp_close(&conn->tcp);
}

static void forget(struct par_http_conn *conn)
{
    par_timer_cancel(&conn->timer);
    drop_id(conn);
    par_list_remove(&conn->node);
    par_http_parser_free(&conn->parser);
    par_buf_fini(&conn->pending);
}

static void on_closed(struct par_tcp *t, enum par_tcp_end end, int os_error)
{
    (void)os_error;
    struct par_http_conn *conn = conn_of(t);
    struct par_http *http = conn->http;
    enum par_close reason = conn->reason;
    if (!reason)
        reason = end == PAR_TCP_RESET ? PAR_CLOSE_EOF : PAR_CLOSE_IO_ERROR;
    par_stats_inc_at(PAR_C_CONN_CLOSED, reason);
    if (http->_on_closed)
        http->_on_closed(conn, reason, http->_arg);
    forget(conn);
    par_slab_free(&http->_slab, conn);
}

static void free_moved(struct par_defer *defer)
{
    struct par_http_conn *conn = PAR_CONTAINER(defer, struct par_http_conn, defer);
    par_http_parser_free(&conn->parser);
    par_buf_fini(&conn->pending);
    par_slab_free(&conn->http->_slab, conn);
}

bool par_http_conn_upgrade(struct par_http_conn *conn, struct par_str first, struct par_tcp *to,
                           const struct par_tcp_ops *ops, uint32_t limit)
{
    PAR_ASSERT(conn->busy && !conn->upgraded);
    par_tcp_write(&conn->tcp, first.ptr, first.len);
    if (!par_tcp_move(&conn->tcp, to, ops, limit))
        return false;
    conn->upgraded = to;
    conn->upgraded_ops = ops;
    par_timer_cancel(&conn->timer);
    drop_id(conn);
    par_list_remove(&conn->node);
    par_loop_defer(conn->http->_loop, &conn->defer, free_moved);
    par_stats_inc_at(PAR_C_HTTP_REQUESTS, 1);
    if (!conn->in_handler && conn->pending.len)
        ops->on_data(to, conn->pending.data, conn->pending.len);
    if (conn->paused)
        par_tcp_resume(to);
    return true;
}

/* ---- reading ---- */

static void set_timer(struct par_http_conn *conn, uint32_t ms)
{
    par_timer_set_lazy(conn->http->_loop, &conn->timer, ms);
}

/* Keeps bytes that must wait for an answer, and stops reading when they are many. */
static void keep(struct par_http_conn *conn, const uint8_t *data, size_t n)
{
    par_buf_add(&conn->pending, data, n);
    if (conn->pending.failed) {
        conn->reason = PAR_CLOSE_NO_MEMORY;
        par_tcp_abort(&conn->tcp);
        return;
    }
    if (conn->pending.len >= conn->http->_settings.limits.max_head) {
        conn->paused = true;
        par_tcp_pause(&conn->tcp);
    }
}

static void refused(struct par_http_conn *conn)
{
    const char *why;
    int status = par_http_parser_refusal(conn->parser, &why);
    enum par_close reason = status == 413 || status == 431 ? PAR_CLOSE_HTTP_TOO_LARGE
                            : status == 503                ? PAR_CLOSE_NO_MEMORY
                                                           : PAR_CLOSE_HTTP_BAD;
    par_http__refuse(conn, status, why, reason);
}

/* The parser has a whole request: gives it to the handler, with what follows it in the buffer. */
static void serve(struct par_http_conn *conn, uint8_t *rest, size_t n)
{
    struct par_http *http = conn->http;
    struct par_http_request *req = par_http_parser_request(conn->parser);
    par_addr_ip_text(par_tcp_peer(&conn->tcp), conn->peer);
    req->peer = par_str(conn->peer);
    par_timer_cancel(&conn->timer);
    conn->busy = true;
    conn->keep_alive = req->keep_alive && !conn->eof && !http->_draining;
    conn->head = req->method == PAR_HTTP_HEAD;
    conn->in_handler = true;
    http->_on_request(conn, req, http->_arg);
    conn->in_handler = false;
    if (conn->upgraded) {
        if (n)
            conn->upgraded_ops->on_data(conn->upgraded, rest, n);
        return;
    }
    if (conn->busy) {
        if (n)
            keep(conn, rest, n);
        return;
    }
    par_http_parser_free(&conn->parser);
}

/* Reads requests from the bytes until they are used up, a request must wait for its answer, or
 * answers pile up that the peer does not take. */
static void consume(struct par_http_conn *conn, uint8_t *data, size_t n)
{
    struct par_http *http = conn->http;
    while (n && !par_tcp_is_closed(&conn->tcp)) {
        if (par_tcp_queued(&conn->tcp) > PAR_HTTP__PIPELINE_BYTES) {
            keep(conn, data, n);
            conn->queued = 0;
            par_timer_set(http->_loop, &conn->timer, 0);
            return;
        }
        if (!conn->parser) {
            conn->parser = par_http_parser_new(&http->_settings.limits);
            if (!conn->parser) {
                conn->reason = PAR_CLOSE_NO_MEMORY;
                par_tcp_abort(&conn->tcp);
                return;
            }
            if (conn->answered_any)
                set_timer(conn, http->_settings.request_ms);
        }
        size_t used;
        enum par_http_progress progress = par_http_parser_feed(conn->parser, data, n, &used);
        data += used;
        n -= used;
        if (progress == PAR_HTTP_REFUSED) {
            refused(conn);
            return;
        }
        if (progress == PAR_HTTP_MORE) {
            bool waits = par_http_parser_in_body(conn->parser) &&
                         par_http_parser_request(conn->parser)->expect_continue;
            if (waits && !conn->continued) {
                conn->continued = true;
                par_tcp_write(&conn->tcp, "HTTP/1.1 100 Continue\r\n\r\n", 25);
            }
            return;
        }
        conn->continued = false;
        serve(conn, data, n);
        if (conn->upgraded || conn->busy)
            return;
    }
}

static void on_data(struct par_tcp *t, uint8_t *data, size_t n)
{
    struct par_http_conn *conn = conn_of(t);
    if (conn->busy || conn->pending.len)
        keep(conn, data, n);
    else
        consume(conn, data, n);
}

/* Goes on with what was kept while a request was answered. */
static void consume_pending(struct par_http_conn *conn)
{
    struct par_buf kept = conn->pending;
    conn->pending = (struct par_buf){0};
    if (conn->paused) {
        conn->paused = false;
        par_tcp_resume(&conn->tcp);
    }
    consume(conn, kept.data, kept.len);
    par_buf_fini(&kept);
    if (conn->eof && !conn->busy && !conn->pending.len && !conn->upgraded)
        par_http__close(conn, PAR_CLOSE_EOF);
}

static void on_eof(struct par_tcp *t)
{
    struct par_http_conn *conn = conn_of(t);
    conn->eof = true;
    if (!conn->busy && !conn->pending.len)
        par_http__close(conn, PAR_CLOSE_EOF);
}

static void on_drained(struct par_tcp *t)
{
    struct par_http_conn *conn = conn_of(t);
    if (conn->pending.len && !conn->busy)
        par_timer_set(conn->http->_loop, &conn->timer, 0);
}

static void on_overflow(struct par_tcp *t)
{
    conn_of(t)->reason = PAR_CLOSE_TOO_SLOW;
    par_tcp_abort(t);
}

/* ---- time ---- */

void par_http__answered(struct par_http_conn *conn)
{
    struct par_http *http = conn->http;
    conn->busy = false;
    conn->answered_any = true;
    drop_id(conn);
    if (!conn->in_handler)
        par_http_parser_free(&conn->parser);
    bool more = conn->pending.len > 0;
    if (!conn->keep_alive || (conn->eof && !more)) {
        par_http__close(conn, PAR_CLOSE_HTTP_DONE);
        return;
    }
    conn->queued = par_tcp_queued(&conn->tcp);
    if (more)
        par_timer_set(http->_loop, &conn->timer, 0);
    else
        set_timer(conn, http->_settings.idle_ms);
}

static void timer_due(struct par_timer *timer)
{
    struct par_http_conn *conn = PAR_CONTAINER(timer, struct par_http_conn, timer);
    uint32_t queued = par_tcp_queued(&conn->tcp);
    if (conn->busy)
        return;
    if (conn->pending.len && queued <= PAR_HTTP__PIPELINE_BYTES) {
        consume_pending(conn);
        return;
    }
    if (conn->parser && par_http_parser_begun(conn->parser)) {
        par_http__refuse(conn, 408, "the request came too slowly", PAR_CLOSE_HTTP_TIMEOUT);
        return;
    }
    /* A slow peer that still takes bytes of its answers is not idle. */
    if (queued && queued != conn->queued) {
        conn->queued = queued;
        set_timer(conn, conn->http->_settings.idle_ms);
        return;
    }
    par_http__close(conn, conn->answered_any ? PAR_CLOSE_HTTP_IDLE : PAR_CLOSE_HTTP_TIMEOUT);
}

static const struct par_tcp_ops tcp_ops = {
    .on_data = on_data,
    .on_eof = on_eof,
    .on_overflow = on_overflow,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

enum par_err par_http_conn_open(struct par_http *http, struct par_listener *listener, int fd,
                                const struct par_addr *peer)
{
    struct par_http_conn *conn = par_slab_alloc(&http->_slab);
    if (!conn) {
        par_listener_refuse(listener, fd);
        return PAR_E_UNAVAILABLE;
    }
    conn->http = http;
    enum par_err err =
        par_tcp_open(&conn->tcp, http->_loop, fd, peer, &tcp_ops, http->_settings.output_bytes);
    if (err) {
        par_slab_free(&http->_slab, conn);
        return err;
    }
    par_stats_inc(PAR_C_CONN_ACCEPTED);
    par_list_append(&http->_conns, &conn->node);
    par_timer_init(&conn->timer, timer_due);
    set_timer(conn, http->_settings.request_ms);
    return PAR_OK;
}
