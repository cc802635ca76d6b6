/* Plans: what a world is made of and what goes wrong in it, all drawn from its seed. A plan has a
 * name; without one the seed draws the name, too. */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "base/rules.h"
#include "sim/device.h"
#include "sim/engine/log.h"
#include "sim/engine/redis.h"
#include "sim/engine/store.h"
#include "sim/net.h"

enum sim_store_kind {
    SIM_STORE_MEMORY = 0, /* the product's own, which dies with its server */
    SIM_STORE_DISK,       /* one disk: whole batches, synced or not */
    SIM_STORE_ROWS        /* one for many servers: row by row */
};

/* Mean times between faults of a kind in ms, over the whole world; 0: never. How long each lasts is
 * drawn, most are short. */
struct sim_chaos {
    uint32_t kill_ms, down_max_ms;
    uint32_t power_percent; /* of kills: the host loses its power */
    uint32_t term_ms;
    uint32_t pause_ms, pause_max_ms;
    uint32_t cut_ms, cut_max_ms; /* a device from a server */
    uint32_t away_ms;            /* a server from all devices */
    uint32_t slow_ms;
    uint32_t clock_ms;
    uint32_t engine_cut_ms;
    uint32_t outage_ms, outage_max_ms; /* of an engine, for all */
    uint32_t grow_ms;                  /* the log gets another generation */
    uint32_t log_loss_ms;              /* the log loses the ends of its partitions */
    uint32_t log_drop_ms;              /* and their beginnings */
    uint32_t redis_away_ms;            /* a server is cut from Redis for 5 s to cut_max_ms */
    uint32_t cut_kill_ms;              /* a server is cut from an engine, and then killed */
    uint32_t power_twice_ms;           /* a server is killed, and loses its power once it is back */
};

enum { SIM_PLAN_OPTIONS = 16 };

struct sim_plan {
    char name[24];
    unsigned servers, threads, workers;
    bool loses_one; /* the server of the user who leaves dies with them, for good */
    unsigned users, devices_max;
    bool embedded; /* local drivers, one server */
    enum sim_store_kind store_kind;
    uint64_t duration_ns; /* until the faults stop */
    uint64_t settle_ns;   /* until everything has to be where it belongs */
    bool halts;           /* what happens may halt partitions for good: nothing has to settle */
    uint32_t act_ms;      /* between two acts of a device */
    uint64_t leaves_ns;   /* then the last user goes, and does not come back; 0: nobody does */
    unsigned leavers;     /* others who go, at any time, in any way */
    unsigned burst_max;   /* requests of a burst */
    unsigned rounds;      /* all go and come back so often; from the second on nobody writes */
    uint8_t mix[SIM_ACT_COUNT];
    struct sim_net_settings net;
    uint32_t switch_ppm, device_crash_ppm, follow_ppm;
    uint32_t stall_ppm; /* of turns: a thread of a server gets none for up to stall_ns */
    uint64_t stall_ns;
    struct sim_chaos chaos;
    struct sim_store_plan store;
    struct sim_log_plan log;
    struct sim_redis_plan redis;
    struct par_rules rules;
    bool own_rules; /* drawn by the plan itself */
    const char *options[SIM_PLAN_OPTIONS];
    unsigned option_count;
};

/* NULL: the seed chooses. False: there is no plan of that name. */
bool sim_plan_draw(const char *name, struct sim_plan *plan_r);
/* The i-th plan and what it is about; NULL behind the last. */
const char *sim_plan_name(unsigned i, const char **what_r);
void sim_plan_print(const struct sim_plan *plan, struct par_buf *out);

#endif
