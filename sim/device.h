/* Devices: each a client core (sdk/c) with its records, on the simulated network. Many of them live
 * on one loop; each has a node of its own, from which its connections come. */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include "sdk/c/sdk.h"
#include "sim/history.h"
#include "sim/node.h"
#include "sim/record.h"
#include "ws/client.h"

enum { SIM_RECENT = 32 };

/* Low byte of the tag of an ask: whose answer it is. */
enum { SIM_TAG_READ = 1, SIM_TAG_RAW = 2 };

/* A write that some device of the user has sent, to be sent again by others. */
struct sim_recent {
    char *op;
    char *members; /* without op and id */
};

struct sim_user {
    uint64_t id;
    char name[16];
    unsigned index;
    struct sim_recent recent[SIM_RECENT];
    unsigned recent_next;
    unsigned online; /* connections that are signed in, seen from outside */
};

struct sim_device;

/* What all devices share. */
struct sim_devices {
    struct par_loop *loop;
    struct par_ws ws;
    struct sim_server **servers;
    unsigned server_count;
    struct sim_user *users;
    unsigned user_count;
    struct sim_device *device; /* all of them */
    unsigned device_count;
    struct sim_random random;
    uint32_t crash_ppm;  /* at a commit */
    uint32_t follow_ppm; /* how often the load balancer sends a device where it was */
    unsigned burst_max;  /* requests of a burst; 0: none */
    uint64_t act_ms;     /* between two acts of a user, on average; 0: none */
    const uint8_t *mix;  /* weights by enum sim_act */
    bool ended;          /* from now on only looks */
    bool hints;          /* connections name their user, for a load balancer */
    /* May be NULL: for whoever measures. */
    void (*on_item)(struct sim_device *d, const struct par_sdk_item *item);
    void (*on_entry)(struct sim_device *d, const struct par_sdk_entry *entry);
    void (*on_link)(struct sim_device *d, enum par_sdk_link link);
    /* Counted for the report. */
    uint64_t frames_in, frames_out, sent, failed, connects;
};

/* What users do: X(name). */
#define SIM_ACTS(X)                                                                                \
    X(SEND)                                                                                        \
    X(SEND_GROUP)                                                                                  \
    X(READ)                                                                                        \
    X(EDIT)                                                                                        \
    X(DELETE)                                                                                      \
    X(REACT)                                                                                       \
    X(CREATE)                                                                                      \
    X(ADD)                                                                                         \
    X(REMOVE)                                                                                      \
    X(LEAVE)                                                                                       \
    X(RENAME)                                                                                      \
    X(ROLE)                                                                                        \
    X(SET)                                                                                         \
    X(BLOCK)                                                                                       \
    X(REPEAT)  /* a write of the user, again, perhaps from another device */                       \
    X(RAW)     /* a send that nobody tries again */                                                \
    X(CHANGED) /* the same cmid with another body */                                               \
    X(HISTORY)                                                                                     \
    X(SYNC)                                                                                        \
    X(MEMBERS)                                                                                     \
    X(PRESENCE)                                                                                    \
    X(TYPING)                                                                                      \
    X(BURST)    /* several users change and read one conversation at once */                       \
    X(TAKE_OUT) /* of a group of one's own, while they read it; or let in again */                 \
    X(WATCH_ALL)                                                                                   \
    X(FLAP)       /* the connection ends, and another begins */                                    \
    X(RAW_SOCKET) /* a send on the own connection that nobody tries again */
enum sim_act {
#define X(name) SIM_ACT_##name,
    SIM_ACTS(X)
#undef X
        SIM_ACT_COUNT
};

struct sim_attempt;

struct sim_device {
    struct sim_devices *all;
    struct sim_user *user;
    struct sim_node *node;
    char name[32];
    uint64_t id;
    char token[64];
    struct par_sdk *sdk;
    struct sim_records records;
    struct par_timer timer;      /* of the core */
    struct par_timer again;      /* after it was replaced, or came down */
    struct par_timer act;        /* what its user does next */
    struct par_timer discard;    /* of items that have failed */
    struct sim_attempt *attempt; /* the one connection that is wanted */
    struct par_ws_conn *ws;
    uint64_t conn; /* its number in the history */
    unsigned server;
    bool signed_in;
    bool dying; /* crashes in this turn: nothing leaves any more */
    bool running;
    bool left;            /* for good */
    bool signed_out;      /* and was told so */
    bool unknown_to_core; /* the connection was answered a write that the core did not ask for */
    struct sim_random random;
    unsigned cmids;
    unsigned asks_open, calls_open;
    struct sim_device *taken_out; /* of a group of its own, to be let in again */
    struct par_timer look;        /* again at a page */
    char look_at[80];
    unsigned looks;
    void *reader; /* final reads: course.c */
};

/* At first it is off. */
void sim_device_init(struct sim_device *d, struct sim_devices *all, struct sim_user *user,
                     unsigned index);
/* Makes a core from what is kept, and starts it. */
void sim_device_on(struct sim_device *d);
/* As a loss of power would: only the records stay. */
void sim_device_off(struct sim_device *d);
/* Asks, and records the answer only. */
bool sim_device_ask(struct sim_device *d, const char *op, const char *members, uint64_t tag);

/* An answer that a whole store never gives ends the world as failed. */
void sim_device_judge(const struct sim_device *d, struct par_str frame);

/* Goes for good, before it is off: with a close frame, or without a word of its host. */
void sim_device_leave(struct sim_device *d, bool silent);
/* The connection is gone, as far as the device sees; the core connects again. */
void sim_device_cut_off(struct sim_device *d);

/* call.c: the same by POST /v1/op, to any server. What it writes comes back as an event. */
void sim_device_call(struct sim_device *d, const char *op, const char *members);
/* Signs out by HTTP, at any server: the connection has to end, wherever it is. */
void sim_device_sign_out(struct sim_device *d);

/* bursts.c. A look: the newest page of a conversation, again and again, by HTTP. */
void sim_device_burst(struct sim_device *d, bool takes_out);
void sim_device_look(struct sim_device *d, const char *conv, unsigned times);
void sim_device_look_again(struct par_timer *timer);

/* acts.c: what its user does now, of its own accord. */
void sim_device_act(struct sim_device *d);

/* reads.c: the answer to an ask whose tag is not 0. */
void sim_device_answered(struct sim_device *d, uint64_t tag, struct par_str ok, enum par_err err);

#endif
