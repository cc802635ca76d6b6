/* The load generator's world: one loop, many signed-in connections, and what the server under test
 * tells about itself.
 *
 * A measurement opens a world (who the users are, where the server is), connects as many users as
 * it wants, then turns the loop with par_bench_until while its callbacks do the work, and prints
 * lines of a name, a number and a unit. Everything runs on one thread; that thread blocks. */
#ifndef PAR_BENCH_WORLD_H
#define PAR_BENCH_WORLD_H

#include "base/json_read.h"
#include "base/stats.h"
#include "ws/client.h"

#include <stdio.h>

struct par_bench_world;
struct par_bench_conn;

enum { PAR_BENCH_SERVERS_MAX = 8 };

/* A line of the file that `parley admin users create --tokens` writes. */
struct par_bench_user {
    uint64_t id;
    char token[64];
};

/* What a frame from the server is. */
enum par_bench_kind { PAR_BENCH_ANSWER = 0, PAR_BENCH_REFUSED, PAR_BENCH_EVENT };
struct par_bench_frame {
    enum par_bench_kind kind;
    int64_t re;           /* of an answer or a refusal */
    struct par_str ev;    /* of an event: "entry" */
    struct par_json body; /* `ok`, `error`, or the whole event */
};

/* Each frame after hello's answer. Sending is allowed. */
typedef void (*par_bench_frame_fn)(struct par_bench_conn *c, const struct par_bench_frame *frame);

enum par_bench_state {
    PAR_BENCH_CLOSED = 0,
    PAR_BENCH_OPENING,
    PAR_BENCH_SIGNING_IN,
    PAR_BENCH_READY
};

struct par_bench_conn {
    struct par_bench_world *world;
    const struct par_bench_user *user;
    struct par_ws_conn *ws;
    enum par_bench_state state;
    void *arg; /* of the measurement */
};

struct par_bench_world {
    struct par_loop *loop;
    struct par_ws ws;
    struct par_addr addr[PAR_BENCH_SERVERS_MAX]; /* connections go round */
    char host[PAR_BENCH_SERVERS_MAX][PAR_ADDR_TEXT];
    unsigned servers;
    unsigned addresses; /* connections go round 127.0.0.1 … 127.0.0.N */
    int server_pid;     /* 0: unknown */
    struct par_bench_user *users;
    size_t user_count;
    struct par_bench_conn *conns;
    size_t conn_count;
    size_t ready;              /* connections signed in */
    size_t opening;            /* on their way */
    uint64_t dropped;          /* closed by the server or the system without being asked to */
    struct par_str hello_more; /* further members of hello: `,"sync":{}` */
    par_bench_frame_fn on_frame;
    void (*on_ready)(struct par_bench_conn *c);  /* each that has signed in */
    void (*on_failed)(struct par_bench_conn *c); /* could not connect; NULL: that is trouble */
    struct par_arena arena;
    struct par_buf out;
    char trouble[200]; /* the first thing that went wrong; "" */
};

struct par_bench_options {
    const char *url;    /* http://ADDR:PORT, or several with commas between */
    const char *tokens; /* file */
    size_t users;       /* how many of its lines are needed */
    unsigned addresses;
    int server_pid;
};

/* False with the reason in w->trouble. par_bench_end in either case. */
bool par_bench_open(struct par_bench_world *w, const struct par_bench_options *options);
/* Tells of trouble on standard error, closes and frees everything. Returns the exit code. */
int par_bench_end(struct par_bench_world *w, const char *measurement);

/* Connects and signs in users first … first + count - 1 that are not connected, at most `at_once`
 * on their way. False when one of them did not get there in time. */
bool par_bench_connect(struct par_bench_world *w, size_t first, size_t count, size_t at_once,
                       uint32_t timeout_ms);
/* Begins to connect one that is not connected. */
void par_bench_connect_one(struct par_bench_conn *c);
/* Closes one connection, which is no trouble. */
void par_bench_disconnect(struct par_bench_conn *c);

/* Turns the loop until done says so, at most timeout_ms. */
typedef bool (*par_bench_done_fn)(struct par_bench_world *w, void *arg);
bool par_bench_until(struct par_bench_world *w, par_bench_done_fn done, void *arg,
                     uint32_t timeout_ms);
/* Turns the loop for so long. */
void par_bench_wait(struct par_bench_world *w, uint32_t ms);

/* Sends w->out as a frame of c, which must be ready. */
void par_bench_send(struct par_bench_conn *c);
/* Notes the first trouble. */
void par_bench_trouble(struct par_bench_world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Numbers and texts of a frame; 0 and {NULL, 0} when they are not there. */
int64_t par_bench_int(const struct par_json *object, const char *name);
struct par_str par_bench_str(const struct par_json *object, const char *name);

/* ---- server.c: the server under test ---- */

struct par_bench_usage {
    double cpu_s;     /* of all its threads since it began */
    uint64_t rss;     /* bytes */
    uint64_t heap;    /* anonymous memory, bytes */
    double own_cpu_s; /* of this process */
    uint64_t mono_ns; /* when it was read */
};
/* Zeros where the pid is unknown. */
void par_bench_usage(const struct par_bench_world *w, struct par_bench_usage *usage_r);
/* The value of one line of /metrics, written as there with its labels; -1 when there is none. One
 * fetch for several. */
bool par_bench_metrics(struct par_bench_world *w, const char *const *names, size_t count,
                       double *values_r);

/* ---- report.c ---- */

/* One figure. */
void par_bench_print(const char *name, double value, const char *unit);
/* p50, p99, p999 and max in milliseconds, of a histogram of nanoseconds. */
void par_bench_print_hist(const char *name, const struct par_hist *h);
/* CPU of both sides between two readings, by message when there are any. */
void par_bench_print_cpu(const struct par_bench_usage *a, const struct par_bench_usage *b,
                         uint64_t messages);

#endif
