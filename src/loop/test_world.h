/* What the tests of connections share: one loop with a listener, and ends that note what happens to
 * them. */
#ifndef PAR_LOOP_TEST_WORLD_H
#define PAR_LOOP_TEST_WORLD_H

#include "loop/env.h"
#include "loop/listen.h"
#include "loop/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { LIMIT = 1024 * 1024 };

/* One end of a connection, and what happened to it. */
struct end {
    struct par_tcp tcp;
    struct par_defer defer;
    uint8_t *got;
    size_t len, cap;
    int datas, eofs, overflows, drains, connects, closes;
    enum par_tcp_end how;
    int os_error;
    bool close_on_eof, echo, keep_nothing, abort_on_data;
};

struct world {
    struct par_loop *loop;
    struct par_listener listener;
    struct par_addr addr;
    struct end *last; /* the newest accepted */
    struct end *all[2000];
    int accepted, refused, pauses, resumes;
    bool refuse;
};

/* All callbacks; and only the required ones. */
extern const struct par_tcp_ops world_full_ops;
extern const struct par_tcp_ops world_bare_ops;
/* What accepted connections get; full_ops after each set-up. */
extern const struct par_tcp_ops *world_accept_ops;

int world_set_up(void **state);
/* Fails unless every accepted connection was closed exactly once and nothing is left queued. */
int world_tear_down(void **state);

void world_on_data(struct par_tcp *t, uint8_t *data, size_t n);
void world_on_closed(struct par_tcp *t, enum par_tcp_end how, int os_error);
void world_on_accept(struct par_listener *l, int fd, const struct par_addr *peer, void *arg);

/* A client, connected; its other end is w->last. Ended and freed by hang_up. */
struct end *world_dial(struct world *w);
struct end *world_dial_with(struct world *w, const struct par_tcp_ops *ops);
void world_hang_up(struct world *w, struct end *e);
void world_free_end(struct end *e);
/* Has it received exactly this? */
bool world_has(const struct end *e, const char *text);

/* Turns until the condition holds; a case that hangs fails after 5 s. */
#define TURN_UNTIL(w, cond)                                                                        \
    do {                                                                                           \
        uint64_t until_ = par_mono_ms() + 5000;                                                    \
        while (!(cond) && par_mono_ms() < until_)                                                  \
            par_loop_turn((w)->loop, 20);                                                          \
        assert_true(cond);                                                                         \
    } while (0)

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

#endif
