/* One loop with a listener, and ends of connections, for tests. */
#include "loop/test_world.h"

#include <errno.h>
#include <string.h>

static struct end *end_of(struct par_tcp *t)
{
    return PAR_CONTAINER(t, struct end, tcp);
}

void world_on_data(struct par_tcp *t, uint8_t *data, size_t n)
{
    struct end *e = end_of(t);
    assert_true(n > 0);
    e->datas++;
    if (e->echo)
        par_tcp_write(t, data, n);
    if (e->abort_on_data)
        par_tcp_abort(t);
    if (e->keep_nothing) {
        e->len += n;
        return;
    }
    if (e->len + n > e->cap) {
        e->cap = (e->len + n) * 2;
        e->got = realloc(e->got, e->cap);
        assert_non_null(e->got);
    }
    memcpy(e->got + e->len, data, n);
    e->len += n;
    memset(data, 0x55, n); /* the buffer is the owner's to change */
}

static void on_eof(struct par_tcp *t)
{
    end_of(t)->eofs++;
    if (end_of(t)->close_on_eof)
        par_tcp_close(t);
}

static void on_overflow(struct par_tcp *t)
{
    end_of(t)->overflows++;
    par_tcp_drop_queued(t);
    par_tcp_write(t, "bye", 3);
    par_tcp_close(t);
}

static void on_drained(struct par_tcp *t)
{
    end_of(t)->drains++;
}

static void on_connected(struct par_tcp *t)
{
    end_of(t)->connects++;
}

void world_on_closed(struct par_tcp *t, enum par_tcp_end how, int os_error)
{
    struct end *e = end_of(t);
    e->closes++;
    e->how = how;
    e->os_error = os_error;
}

const struct par_tcp_ops world_full_ops = {
    .on_data = world_on_data,
    .on_eof = on_eof,
    .on_overflow = on_overflow,
    .on_drained = on_drained,
    .on_connected = on_connected,
    .on_closed = world_on_closed,
};
const struct par_tcp_ops world_bare_ops = {.on_data = world_on_data, .on_closed = world_on_closed};
const struct par_tcp_ops *world_accept_ops = &world_full_ops;

void world_on_accept(struct par_listener *l, int fd, const struct par_addr *peer, void *arg)
{
    struct world *w = arg;
    if (w->refuse) {
        w->refused++;
        par_listener_refuse(l, fd);
        return;
    }
    struct end *e = calloc(1, sizeof *e);
    assert_non_null(e);
    assert_int_equal(par_tcp_open(&e->tcp, w->loop, fd, peer, world_accept_ops, LIMIT), PAR_OK);
    w->last = w->all[w->accepted++] = e;
}

static void on_pause(struct par_listener *l, int os_error, void *arg)
{
    (void)l;
    struct world *w = arg;
    if (os_error) {
        assert_int_equal(os_error, EMFILE);
        w->pauses++;
    } else {
        w->resumes++;
    }
}

int world_set_up(void **state)
{
    static struct world w;
    int os_error;
    memset(&w, 0, sizeof w);
    world_accept_ops = &world_full_ops;
    assert_int_equal(par_loop_new(&w.loop), PAR_OK);
    assert_int_equal(par_addr_parse(PAR_STR("127.0.0.1:0"), &w.addr), PAR_OK);
    assert_int_equal(par_listener_open(&w.listener, w.loop, &w.addr, PAR_LISTEN_FIRST,
                                       world_on_accept, on_pause, &w, &os_error),
                     PAR_OK);
    par_listener_addr(&w.listener, &w.addr);
    assert_true(w.addr.port != 0);
    *state = &w;
    return 0;
}

void world_free_end(struct end *e)
{
    free(e->got);
    free(e);
}

int world_tear_down(void **state)
{
    struct world *w = *state;
    par_listener_close(&w->listener);
    par_listener_close(&w->listener);
    for (int i = 0; i < w->accepted; i++)
        par_tcp_abort(&w->all[i]->tcp);
    for (int i = 0; i < 3; i++)
        par_loop_turn(w->loop, 0);
    for (int i = 0; i < w->accepted; i++) {
        assert_int_equal(w->all[i]->closes, 1);
        world_free_end(w->all[i]);
    }
    struct par_loop_stats s;
    par_loop_stats(w->loop, &s);
    assert_int_equal(s.connections, 0);
    assert_int_equal(s.queued_bytes, 0);
    par_loop_free(&w->loop);
    return 0;
}

struct end *world_dial_with(struct world *w, const struct par_tcp_ops *ops)
{
    struct end *e = calloc(1, sizeof *e);
    assert_non_null(e);
    assert_int_equal(par_tcp_connect(&e->tcp, w->loop, &w->addr, ops, LIMIT), PAR_OK);
    int before = w->accepted;
    TURN_UNTIL(w, w->accepted > before && (e->connects > 0 || !ops->on_connected));
    return e;
}

struct end *world_dial(struct world *w)
{
    return world_dial_with(w, &world_full_ops);
}

void world_hang_up(struct world *w, struct end *e)
{
    par_tcp_abort(&e->tcp);
    TURN_UNTIL(w, e->closes > 0);
    assert_int_equal(e->closes, 1);
    world_free_end(e);
}

bool world_has(const struct end *e, const char *text)
{
    return e->len == strlen(text) && memcmp(e->got, text, e->len) == 0;
}
