/* Tests of connecting, listening, running out of descriptors, and connections of several threads.
 */
#include "loop/test_world.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_refused_connect_is_told(void **state)
{
    struct world *w = *state;
    par_listener_close(&w->listener);
    struct end c = {0};
    assert_int_equal(par_tcp_connect(&c.tcp, w->loop, &w->addr, &world_full_ops, LIMIT), PAR_OK);
    assert_true(par_tcp_write(&c.tcp, "early", 5));
    TURN_UNTIL(w, c.closes == 1);
    assert_int_equal(c.how, PAR_TCP_REFUSED);
    assert_int_equal(c.os_error, ECONNREFUSED);
    assert_int_equal(c.connects, 0);
}

static void writing_before_connected(void **state)
{
    struct world *w = *state;
    struct end c = {0};
    assert_int_equal(par_tcp_connect(&c.tcp, w->loop, &w->addr, &world_full_ops, LIMIT), PAR_OK);
    assert_true(par_tcp_write(&c.tcp, "early", 5));
    par_tcp_close(&c.tcp);
    TURN_UNTIL(w, w->last && world_has(w->last, "early"));
    w->last->close_on_eof = true;
    TURN_UNTIL(w, w->last->eofs == 1);
    par_tcp_close(&w->last->tcp);
    TURN_UNTIL(w, c.closes == 1);
    assert_int_equal(c.how, PAR_TCP_CLOSED);
    free(c.got);
}

static void addresses_are_exclusive_and_joinable(void **state)
{
    struct world *w = *state;
    struct par_listener other;
    int os_error;
    assert_int_equal(par_listener_open(&other, w->loop, &w->addr, PAR_LISTEN_FIRST, world_on_accept,
                                       NULL, w, &os_error),
                     PAR_E_UNAVAILABLE);
    assert_int_equal(os_error, EADDRINUSE);
    assert_int_equal(par_listener_open(&other, w->loop, &w->addr, PAR_LISTEN_JOIN, world_on_accept,
                                       NULL, w, &os_error),
                     PAR_OK);
    struct end *c[20];
    for (int i = 0; i < 20; i++)
        c[i] = world_dial(w);
    assert_int_equal(w->accepted, 20);
    par_listener_close(&other);
    w->refuse = true;
    struct end r = {0};
    assert_int_equal(par_tcp_connect(&r.tcp, w->loop, &w->addr, &world_full_ops, LIMIT), PAR_OK);
    TURN_UNTIL(w, w->refused == 1 && r.eofs + r.closes > 0);
    par_tcp_abort(&r.tcp);
    for (int i = 0; i < 20; i++)
        world_hang_up(w, c[i]);
    TURN_UNTIL(w, r.closes == 1);
}

static void unix_sockets(void **state)
{
    struct world *w = *state;
    char dir[] = "/tmp/parley_test_XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/admin.sock", dir);
    struct par_listener l, second;
    int os_error;
    struct end c = {0};
    assert_int_equal(par_tcp_connect_unix(&c.tcp, w->loop, path, &world_full_ops, LIMIT),
                     PAR_E_UNAVAILABLE);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(
            par_listener_open_unix(&l, w->loop, path, world_on_accept, NULL, w, &os_error), PAR_OK);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(
            par_listener_open_unix(&second, w->loop, path, world_on_accept, NULL, w, &os_error),
            PAR_E_UNAVAILABLE);
        assert_int_equal(os_error, EADDRINUSE);
        if (round == 0) {
            /* As a killed server leaves it: the path is there, nobody listens. */
            int fd = l._io.fd;
            par_io_remove(w->loop, &l._io);
            close(fd);
            free(l._unix_path);
        }
    }
    w->last = NULL;
    int before = w->accepted;
    assert_int_equal(par_tcp_connect_unix(&c.tcp, w->loop, path, &world_full_ops, LIMIT), PAR_OK);
    par_tcp_write(&c.tcp, "status", 6);
    TURN_UNTIL(w, w->accepted > before && world_has(w->last, "status"));
    char text[PAR_ADDR_TEXT];
    assert_string_equal(par_addr_text(par_tcp_peer(&w->last->tcp), text), "unix");
    assert_true(par_addr_is_loopback(par_tcp_peer(&w->last->tcp)));
    par_tcp_abort(&c.tcp);
    TURN_UNTIL(w, c.closes == 1);
    par_listener_close(&l);
    assert_int_equal(access(path, F_OK), -1);
    rmdir(dir);
}

static void accepting_pauses_when_descriptors_run_out(void **state)
{
    struct world *w = *state;
    /* The clients are plain sockets made beforehand, so that only accepting lacks descriptors. */
    enum { CLIENTS = 300, ROOM = 40 };
    int fds[CLIENTS];
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(w->addr.port)};
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_true(fds[i] >= 0);
        assert_int_equal(connect(fds[i], (struct sockaddr *)&in, sizeof in), 0);
    }
    struct rlimit old, low;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = old;
    low.rlim_cur = (rlim_t)fds[CLIENTS - 1] + 1 + ROOM;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);

    uint64_t start = par_mono_ms();
    while (par_mono_ms() < start + 1300)
        par_loop_turn(w->loop, 100);
    struct par_loop_stats s;
    par_loop_stats(w->loop, &s);
    assert_int_equal(w->accepted, ROOM);
    assert_int_equal(w->pauses, 1);
    assert_int_equal(w->resumes, 0);
    assert_int_equal(s.accept_pauses, 1);
    assert_in_range(s.turns, 5, 60); /* no spin */

    /* Those that are in are served while others wait. */
    assert_int_equal(send(fds[0], "still here", 10, 0), 10);
    TURN_UNTIL(w, world_has(w->all[0], "still here"));

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    TURN_UNTIL(w, w->accepted == CLIENTS);
    assert_int_equal(w->resumes, 1);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
}

/* ---- one frame to many, across two loops ---- */

struct fan {
    struct par_loop *loop;
    struct par_listener listener;
    struct end ends[50];
    int count;
    size_t got;
    struct par_shared *frame;
    struct par_tcp sink;
};

static void on_fan_accept(struct par_listener *l, int fd, const struct par_addr *peer, void *arg)
{
    (void)l;
    struct fan *f = arg;
    struct end *e = &f->ends[f->count++];
    assert_int_equal(par_tcp_open(&e->tcp, f->loop, fd, peer, &world_full_ops, LIMIT), PAR_OK);
    par_tcp_write_shared(&e->tcp, f->frame);
    par_tcp_close(&e->tcp);
    if (f->count == 50)
        par_shared_unref(&f->frame);
}

static void serve_fan(void *arg)
{
    struct fan *f = arg;
    par_loop_run(f->loop);
    par_listener_close(&f->listener);
    for (int i = 0; i < f->count; i++)
        par_tcp_abort(&f->ends[i].tcp);
    par_loop_turn(f->loop, 0);
}

static void a_frame_is_shared_across_threads(void **state)
{
    struct world *w = *state;
    static struct fan fans[2];
    struct par_thread *threads[2];
    struct par_addr addr[2];
    int os_error;
    struct par_shared *frame = par_shared_new(20000);
    memset(frame->data, 'z', frame->len);
    for (int i = 0; i < 2; i++) {
        struct fan *f = &fans[i];
        assert_int_equal(par_addr_parse(PAR_STR("127.0.0.1:0"), &addr[i]), PAR_OK);
        assert_int_equal(par_loop_new(&f->loop), PAR_OK);
        f->frame = par_shared_ref(frame);
        assert_int_equal(par_listener_open(&f->listener, f->loop, &addr[i], PAR_LISTEN_FIRST,
                                           on_fan_accept, NULL, f, &os_error),
                         PAR_OK);
        par_listener_addr(&f->listener, &addr[i]);
        assert_int_equal(par_thread_start("fan", serve_fan, f, &threads[i]), PAR_OK);
    }
    par_shared_unref(&frame);
    static struct end clients[100];
    memset(clients, 0, sizeof clients);
    for (int i = 0; i < 100; i++) {
        clients[i].close_on_eof = true;
        assert_int_equal(
            par_tcp_connect(&clients[i].tcp, w->loop, &addr[i % 2], &world_full_ops, LIMIT),
            PAR_OK);
    }
    for (int i = 0; i < 100; i++) {
        TURN_UNTIL(w, clients[i].closes == 1);
        assert_int_equal(clients[i].len, 20000);
        assert_int_equal(clients[i].got[19999], 'z');
        free(clients[i].got);
    }
    for (int i = 0; i < 2; i++) {
        par_loop_stop(fans[i].loop);
        par_thread_join(&threads[i]);
        par_loop_free(&fans[i].loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_refused_connect_is_told),
        CASE(writing_before_connected),
        CASE(addresses_are_exclusive_and_joinable),
        CASE(unix_sockets),
        CASE(accepting_pauses_when_descriptors_run_out),
        CASE(a_frame_is_shared_across_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
