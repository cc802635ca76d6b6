/* Servers of a world: the product's own, started, ended, killed, paused. */
#ifndef SIM_NODE_H
#define SIM_NODE_H

#include "base/config.h"
#include "server/server.h"
#include "sim/world.h"

struct sim_server_settings {
    /* Names of drivers; NULL: the configuration's default. */
    const char *store, *queue, *route, *cache, *presence;
    unsigned threads, workers;
    const char *const *options; /* more, as -o takes them; outlive the world */
    size_t option_count;
};

struct sim_server {
    struct sim_node *node;
    unsigned index;
    struct sim_server_settings settings;
    struct par_config config;
    struct par_server *server; /* while it serves */
    struct sim_waiters signals;
    struct sim_waiters ends;
    bool asked_to_end;
    bool gone; /* for good */
    bool serving;
    unsigned failed_starts; /* in a row */
    char why[512];          /* of the last of them */
    struct par_addr addr;
    char address[32];
};

/* Down at first. Settings are copied. */
struct sim_server *sim_server_new(unsigned index, const struct sim_server_settings *settings);
/* Starts it, unless it runs. When it cannot start it tries again a second later, as a service
 * manager would do. */
void sim_server_start(struct sim_server *server);
/* Waits until it serves. False: not within that time. */
bool sim_server_ready(struct sim_server *server, uint64_t timeout_ns);
/* SIGTERM. sim_server_ended waits until it has gone. */
void sim_server_term(struct sim_server *server);
bool sim_server_ended(struct sim_server *server, uint64_t timeout_ns);
/* SIGKILL; power: the host goes down with it, and nobody tells its peers. */
void sim_server_kill(struct sim_server *server, bool power);

#endif
