/* Sockets, connections and links of the simulated network, for net*.c. */
#ifndef SIM_NET_PRIVATE_H
#define SIM_NET_PRIVATE_H

#include "base/list.h"
#include "sim/net.h"
#include "sim/world.h"

enum { SIM_NET__NODES = 256 };

struct sim_net__loop {
    struct par_list ready; /* of sockets */
    struct sim_waiters waiters;
    struct sim_node *node;
    bool woken;
};

struct sim_net__conn;

/* What is on its way. */
struct sim_net__piece {
    struct sim_net__piece *next;
    uint64_t arrives;
    uint32_t len;
    bool fin;
    uint8_t data[];
};

/* One direction; it begins at the end that has it. */
struct sim_net__pipe {
    struct sim_net__piece *first, *last;
    uint64_t last_arrival;
    uint64_t repeat_ns; /* until what met a cut link is sent again */
    uint32_t unacked;   /* written, and not yet read by the peer as far as is known here */
    uint32_t acked;     /* read by the peer, on the way to be known */
    uint32_t capacity;
    bool moving;  /* an event will come for `first` */
    bool acking;  /* an event will come for `acked` */
    bool blocked; /* a write was refused */
    bool shut;    /* nothing more will be written */
};

struct sim_net__end {
    struct sim_net__conn *conn;
    struct sim_net__sock *sock; /* NULL: closed, or not accepted yet */
    struct sim_node *node;
    struct par_addr addr;
    struct sim_net__pipe out;
    struct par_buf in; /* arrived and unread */
    size_t in_at;
    bool in_fin; /* all has arrived */
    bool resetting;
};

struct sim_net__conn {
    struct sim_net__end end[2]; /* who connected, who accepted */
    uint64_t number;
    unsigned refs; /* ends that are open, and events */
    bool established;
    bool accepted;
    bool swallows;
    bool reset;
    uint64_t tries_until;
    uint64_t try_ns;
};

enum sim_net__kind { SIM_NET__FREE = 0, SIM_NET__LISTENER, SIM_NET__STREAM };

struct sim_net__sock {
    struct par_list ready;  /* in its loop */
    struct par_list queued; /* in its listener */
    struct par_list among_all;
    enum sim_net__kind kind;
    int fd;                     /* -1: not accepted yet */
    struct sim_net__loop *loop; /* that watches it */
    struct par_io *io;
    struct sim_node *node;
    int error; /* errno value, until it was told */
    /* listener */
    struct par_addr addr;
    struct par_list queue;
    /* stream */
    struct sim_net__end *end;
    bool broken; /* reset, told or not */
};

struct sim_net__link {
    bool cut;
    uint64_t delay_ns;
    uint32_t ns_per_byte;
};

struct sim_net__state {
    struct sim_net_settings set;
    struct sim_random random;
    struct sim_net__link links[SIM_NET__NODES][SIM_NET__NODES];
    struct sim_net__sock **fds;
    int fd_count;
    struct par_list socks;
    struct sim_node *as;
    uint64_t conns, bytes, open;
    uint16_t next_port;
};
extern struct sim_net__state sim_net__state;

static inline struct sim_net__end *sim_net__peer(struct sim_net__end *e)
{
    return &e->conn->end[e == &e->conn->end[0]];
}
struct sim_net__link *sim_net__link(const struct sim_node *from, const struct sim_node *to);
uint64_t sim_net__delay(const struct sim_node *from, const struct sim_node *to);

/* net.c: sockets. Something changed that the watcher wants to know. */
void sim_net__changed(struct sim_net__sock *s);
struct sim_net__sock *sim_net__sock_new(enum sim_net__kind kind, struct sim_node *node);
void sim_net__sock_free(struct sim_net__sock *s);
int sim_net__fd(struct sim_net__sock *s);

/* net_conn.c: connections. */
struct sim_net__conn *sim_net__conn_new(void);
void sim_net__unref(struct sim_net__conn *c);
void sim_net__connect(struct sim_net__sock *s, const struct par_addr *to);
void sim_net__close(struct sim_net__sock *s, bool silent);
void sim_net__reset(struct sim_net__conn *c);

/* net_pipe.c: bytes. */
ssize_t sim_net__write(struct sim_net__sock *s, const struct iovec *iov, int count);
ssize_t sim_net__read(struct sim_net__sock *s, void *buf, size_t n);
void sim_net__shut(struct sim_net__end *e);
void sim_net__send_reset(struct sim_net__end *from);
void sim_net__pipe_clear(struct sim_net__pipe *p);

#endif
