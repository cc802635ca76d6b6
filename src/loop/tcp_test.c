/* Tests of connections over loopback: both ends in one loop, so that each case is a plain sequence
 * of turns. */
#include "loop/env_ops.h"
#include "loop/test_world.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

static void bytes_go_both_ways(void **state)
{
    struct world *w = *state;
    struct end *c = world_dial(w);
    char text[PAR_ADDR_TEXT];
    assert_string_equal(par_addr_ip_text(par_tcp_peer(&w->last->tcp), text), "127.0.0.1");
    assert_true(par_tcp_peer(&w->last->tcp)->port != w->addr.port);
    assert_ptr_equal(par_tcp_loop(&c->tcp), w->loop);

    struct par_loop_stats before, after;
    par_loop_stats(w->loop, &before);
    struct par_shared *s = par_shared_copy(PAR_STR("[shared]"));
    assert_true(par_tcp_write(&c->tcp, "one", 3));
    assert_true(par_tcp_write_shared(&c->tcp, s));
    assert_true(par_tcp_write(&c->tcp, "two", 3));
    assert_true(par_tcp_write(&c->tcp, "", 0));
    assert_true(par_tcp_write_part(&c->tcp, s, 1, 3));
    par_shared_unref(&s);
    assert_int_equal(par_tcp_queued(&c->tcp), 17);
    w->last->echo = true;
    TURN_UNTIL(w, world_has(w->last, "one[shared]twosha") && c->len == 17);
    par_loop_stats(w->loop, &after);
    assert_int_equal(after.writes - before.writes, 2); /* one for each end, however many pieces */
    assert_int_equal(after.bytes_in - before.bytes_in, 34);
    assert_int_equal(par_tcp_queued(&c->tcp), 0);
    assert_int_equal(w->last->drains, 0);

    /* Accepted sockets have no delay, as the listener has none. */
    int nodelay = 0;
    socklen_t len = sizeof nodelay;
    assert_int_equal(getsockopt(w->last->tcp._io.fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &len), 0);
    assert_true(nodelay);
    world_hang_up(w, c);
    TURN_UNTIL(w, w->last->eofs + w->last->closes > 0);
}

static uint8_t *pattern(size_t n)
{
    uint8_t *p = malloc(n);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 7 + (i >> 8) * 13);
    return p;
}

static void large_output_waits_for_a_slow_reader(void **state)
{
    struct world *w = *state;
    struct end *c = world_dial(w);
    size_t n = 24 * 1024 * 1024;
    uint8_t *p = pattern(n);
    par_tcp_pause(&c->tcp);
    par_tcp_set_ops(&w->last->tcp, &world_full_ops, 64 * 1024 * 1024);
    struct par_shared *half = par_shared_copy(par_str_of(p, n / 2));
    assert_true(par_tcp_write_shared(&w->last->tcp, half));
    par_shared_unref(&half);
    for (size_t at = n / 2; at < n;) {
        size_t part = 1 + at % 5000;
        if (part > n - at)
            part = n - at;
        assert_true(par_tcp_write(&w->last->tcp, p + at, part));
        at += part;
    }
    for (int i = 0; i < 20; i++)
        par_loop_turn(w->loop, 5);
    assert_true(par_tcp_queued(&w->last->tcp) > 0);
    assert_int_equal(c->len, 0);
    struct par_loop_stats a, b;
    par_loop_stats(w->loop, &a);
    assert_true(a.queued_bytes == par_tcp_queued(&w->last->tcp));
    /* Nothing moves, so nothing runs. */
    par_loop_turn(w->loop, 50);
    par_loop_stats(w->loop, &b);
    assert_int_equal(b.turns - a.turns, 1);
    assert_int_equal(b.writes, a.writes);
    par_tcp_resume(&c->tcp);
    TURN_UNTIL(w, c->len == n);
    assert_memory_equal(c->got, p, n);
    TURN_UNTIL(w, w->last->drains == 1);
    free(p);
    world_hang_up(w, c);
}

static void a_reader_that_stops_is_cut_off(void **state)
{
    struct world *w = *state;
    struct end *c = world_dial(w);
    struct end *s = w->last;
    par_tcp_pause(&c->tcp);
    /* Frames of 1,000 bytes, each full of one letter; the limit holds about a thousand of them. */
    char frame[1000];
    bool refused = false;
    for (int i = 0; i < 40000 && !s->overflows; i++) {
        memset(frame, 'a' + i % 26, sizeof frame);
        refused |= !par_tcp_write(&s->tcp, frame, sizeof frame);
        assert_true(par_tcp_queued(&s->tcp) <= LIMIT);
        if (i % 100 == 0)
            par_loop_turn(w->loop, 0);
    }
    par_loop_turn(w->loop, 0);
    assert_true(refused);
    assert_int_equal(s->overflows, 1);
    assert_int_equal(s->closes, 0);
    assert_true(par_tcp_queued(&s->tcp) < 4096 + 3);
    assert_false(par_tcp_write(&s->tcp, "x", 1));
    assert_true(par_tcp_is_closed(&s->tcp));
    /* It wakes up in time, and gets whole frames and then the last word. */
    c->close_on_eof = true;
    par_tcp_resume(&c->tcp);
    TURN_UNTIL(w, c->closes && s->closes);
    assert_int_equal(c->len % sizeof frame, 3);
    assert_memory_equal(c->got + c->len - 3, "bye", 3);
    for (size_t i = 0; i + 3 < c->len; i++)
        assert_int_equal(c->got[i], c->got[i - i % sizeof frame]);
    assert_int_equal(s->how, PAR_TCP_CLOSED);
    world_free_end(c);
}

static void a_burst_to_a_quick_reader_is_no_overflow(void **state)
{
    struct world *w = *state;
    struct end *c = world_dial(w);
    par_tcp_set_ops(&w->last->tcp, &world_full_ops, 4000);
    char frame[1500];
    memset(frame, 'f', sizeof frame);
    for (int i = 0; i < 40; i++)
        assert_true(par_tcp_write(&w->last->tcp, frame, sizeof frame));
    TURN_UNTIL(w, c->len == 40 * sizeof frame);
    /* One write may pass the limit when nothing waits. */
    uint8_t *p = pattern(100000);
    assert_true(par_tcp_write(&w->last->tcp, p, 100000));
    free(p);
    TURN_UNTIL(w, c->len == 40 * sizeof frame + 100000);
    assert_int_equal(w->last->overflows, 0);
    world_hang_up(w, c);
}

static void half_close_both_ways(void **state)
{
    struct world *w = *state;
    struct end *c = world_dial(w);
    struct end *s = w->last;
    par_tcp_write(&c->tcp, "request", 7);
    par_tcp_shutdown(&c->tcp);
    assert_false(par_tcp_write(&c->tcp, "late", 4));
    TURN_UNTIL(w, s->eofs == 1);
    assert_true(world_has(s, "request"));
    assert_false(par_tcp_is_closed(&s->tcp));
    par_tcp_write(&s->tcp, "answer", 6);
    par_tcp_shutdown(&s->tcp);
    TURN_UNTIL(w, c->closes == 1 && s->closes == 1);
    assert_true(world_has(c, "answer"));
    assert_int_equal(c->eofs, 1);
    assert_int_equal(c->how, PAR_TCP_CLOSED);
    assert_int_equal(s->how, PAR_TCP_CLOSED);
    world_free_end(c);
}

static void close_delivers_the_last_bytes(void **state)
{
    struct world *w = *state;
    struct end *c = world_dial(w);
    struct end *s = w->last;
    /* The peer has sent what we never read; our last words must arrive all the same. */
    uint8_t *p = pattern(300000);
    par_tcp_pause(&s->tcp);
    par_tcp_write(&c->tcp, p, 300000);
    for (int i = 0; i < 5; i++)
        par_loop_turn(w->loop, 2);
    par_tcp_write(&s->tcp, "last words", 10);
    par_tcp_close(&s->tcp);
    par_tcp_close(&s->tcp);
    c->close_on_eof = true;
    TURN_UNTIL(w, c->closes == 1 && s->closes == 1);
    assert_true(world_has(c, "last words"));
    assert_int_equal(s->datas, 0);
    assert_int_equal(s->how, PAR_TCP_CLOSED);
    free(p);
    world_free_end(c);
}

static uint64_t later_ns;
static uint64_t later(void)
{
    return par_env_system.mono_ns() + later_ns;
}

static void close_has_a_deadline(void **state)
{
    struct world *w = *state;
    struct end *c = world_dial(w);
    struct end *s = w->last;
    struct par_env_ops env = par_env_system;
    env.mono_ns = later;
    later_ns = 0;
    par_env_install(&env);
    par_tcp_pause(&c->tcp);
    uint8_t *p = pattern(16 * 1024 * 1024);
    par_tcp_write(&s->tcp, p, 16 * 1024 * 1024);
    free(p);
    par_loop_turn(w->loop, 0);
    par_tcp_close(&s->tcp);
    later_ns += (PAR_TCP_CLOSE_MS - 1000) * UINT64_C(1000000);
    for (int i = 0; i < 5; i++)
        par_loop_turn(w->loop, 5);
    assert_int_equal(s->closes, 0);
    later_ns += 1000 * UINT64_C(1000000);
    par_loop_turn(w->loop, 100);
    assert_int_equal(s->closes, 1);
    assert_int_equal(s->how, PAR_TCP_DEADLINE);
    par_env_install(NULL);
    world_hang_up(w, c);
}

static void eof_without_a_handler_closes(void **state)
{
    struct world *w = *state;
    world_accept_ops = &world_bare_ops;
    struct end *c = world_dial_with(w, &world_bare_ops);
    struct end *s = w->last;
    par_tcp_write(&c->tcp, "x", 1);
    par_tcp_close(&c->tcp);
    TURN_UNTIL(w, c->closes == 1 && s->closes == 1);
    assert_true(world_has(s, "x"));
    assert_int_equal(s->how, PAR_TCP_CLOSED);
    world_free_end(c);
}

static void a_reset_is_told_even_when_paused(void **state)
{
    struct world *w = *state;
    for (int paused = 0; paused < 2; paused++) {
        struct end *c = world_dial(w);
        struct end *s = w->last;
        if (paused)
            par_tcp_pause(&s->tcp);
        struct linger hard = {.l_onoff = 1};
        setsockopt(c->tcp._io.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        world_hang_up(w, c);
        TURN_UNTIL(w, s->closes == 1);
        assert_int_equal(s->how, PAR_TCP_RESET);
        assert_int_equal(s->os_error, ECONNRESET);
        assert_int_equal(s->eofs, 0);
    }
    assert_string_equal(par_tcp_end_text(PAR_TCP_RESET), "reset");
}

static void paused_input_waits_without_spinning(void **state)
{
    struct world *w = *state;
    struct end *c = world_dial(w);
    struct end *s = w->last;
    par_tcp_pause(&s->tcp);
    par_tcp_write(&c->tcp, "hello", 5);
    par_tcp_shutdown(&c->tcp);
    for (int i = 0; i < 3; i++)
        par_loop_turn(w->loop, 10);
    struct par_loop_stats a, b;
    par_loop_stats(w->loop, &a);
    par_loop_turn(w->loop, 50);
    par_loop_stats(w->loop, &b);
    assert_int_equal(b.turns - a.turns, 1);
    assert_int_equal(b.reads, a.reads);
    assert_int_equal(s->datas + s->eofs, 0);
    par_tcp_resume(&s->tcp);
    TURN_UNTIL(w, s->eofs == 1);
    assert_true(world_has(s, "hello"));
    par_tcp_pause(&s->tcp);
    par_tcp_resume(&s->tcp);
    world_hang_up(w, c);
}

static void a_flood_does_not_starve_others(void **state)
{
    struct world *w = *state;
    struct end *flood = world_dial(w), *s_flood = w->last;
    struct end *quiet = world_dial(w), *s_quiet = w->last;
    s_flood->keep_nothing = true;
    s_quiet->echo = true;
    size_t n = 8 * 1024 * 1024;
    uint8_t *p = pattern(n);
    par_tcp_write(&flood->tcp, p, n);
    free(p);
    par_loop_turn(w->loop, 0);
    par_tcp_write(&quiet->tcp, "ping", 4);
    int turns = 0;
    size_t most = 0;
    while (quiet->len < 4 && turns < 100) {
        size_t before = s_flood->len;
        par_loop_turn(w->loop, 10);
        most = s_flood->len - before > most ? s_flood->len - before : most;
        turns++;
    }
    assert_in_range(turns, 1, 5);
    assert_in_range(most, 1, 64 * 1024);
    TURN_UNTIL(w, s_flood->len == n);
    world_hang_up(w, flood);
    world_hang_up(w, quiet);
}

static void calls_after_the_end_are_harmless(void **state)
{
    struct world *w = *state;
    struct end *c = world_dial(w);
    struct end *s = w->last;
    s->abort_on_data = true;
    par_tcp_write(&c->tcp, "now", 3);
    TURN_UNTIL(w, s->closes == 1);
    assert_int_equal(s->datas, 1);
    assert_false(par_tcp_write(&s->tcp, "x", 1));
    par_tcp_pause(&s->tcp);
    par_tcp_resume(&s->tcp);
    par_tcp_shutdown(&s->tcp);
    par_tcp_close(&s->tcp);
    par_tcp_abort(&s->tcp);
    par_tcp_drop_queued(&s->tcp);
    assert_true(par_tcp_is_closed(&s->tcp));
    par_loop_turn(w->loop, 0);
    assert_int_equal(s->closes, 1);
    world_hang_up(w, c);
}

/* ---- moving to another object ---- */

static struct end *moved_to;
static void release_end(struct par_defer *d)
{
    world_free_end(PAR_CONTAINER(d, struct end, defer));
}

static void on_upgrade(struct par_tcp *t, uint8_t *data, size_t n)
{
    (void)data;
    struct end *old = PAR_CONTAINER(t, struct end, tcp);
    moved_to = calloc(1, sizeof *moved_to);
    assert_non_null(moved_to);
    moved_to->len = n;
    moved_to->keep_nothing = true;
    par_tcp_write(t, "101 ", 4);
    assert_true(par_tcp_move(t, &moved_to->tcp, &world_full_ops, LIMIT));
    assert_false(par_tcp_write(t, "lost", 4));
    par_tcp_write(&moved_to->tcp, "hi", 2);
    par_loop_defer(par_tcp_loop(&moved_to->tcp), &old->defer, release_end);
}

static void a_connection_moves_with_its_queue(void **state)
{
    struct world *w = *state;
    static const struct par_tcp_ops http_ops = {.on_data = on_upgrade,
                                                .on_closed = world_on_closed};
    for (size_t n = 1; n < 400000; n += 130000) {
        world_accept_ops = &http_ops;
        struct end *c = world_dial(w);
        w->accepted--; /* freed by its move */
        uint8_t *p = pattern(n);
        par_tcp_write(&c->tcp, p, n);
        par_tcp_shutdown(&c->tcp);
        moved_to = NULL;
        TURN_UNTIL(w, c->len == 6 && moved_to->len == n && moved_to->eofs == 1);
        assert_true(world_has(c, "101 hi"));
        free(p);
        struct end *m = moved_to;
        par_tcp_close(&m->tcp);
        assert_false(par_tcp_move(&m->tcp, &c->tcp, &world_full_ops, LIMIT));
        TURN_UNTIL(w, m->closes == 1 && c->closes == 1);
        world_free_end(m);
        world_free_end(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(bytes_go_both_ways),
        CASE(large_output_waits_for_a_slow_reader),
        CASE(a_reader_that_stops_is_cut_off),
        CASE(a_burst_to_a_quick_reader_is_no_overflow),
        CASE(half_close_both_ways),
        CASE(close_delivers_the_last_bytes),
        CASE(close_has_a_deadline),
        CASE(eof_without_a_handler_closes),
        CASE(a_reset_is_told_even_when_paused),
        CASE(paused_input_waits_without_spinning),
        CASE(a_flood_does_not_starve_others),
        CASE(calls_after_the_end_are_harmless),
        CASE(a_connection_moves_with_its_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
