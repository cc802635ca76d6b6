/* Connections to the gateways, shared by all threads that use the store.
 *
 * A call takes a free connection to a gateway that answers; one whose call was LOST is closed and
 * its gateway left alone for a while, then asked whether it is alive before calls follow. Reads
 * are tried again elsewhere until their time is over; whether to repeat a write is the caller's.
 * Nobody waits longer for a free connection than for an answer. */
#ifndef PAR_STORE_HBASE_POOL_H
#define PAR_STORE_HBASE_POOL_H

#include "store/hbase/gateway.h"

#include "base/buf.h"
#include "parley/err.h"

struct par_hbase__pool;

struct par_hbase__pool_config {
    const char *gateways; /* "host:port", with commas between */
    uint32_t connections; /* at most, in all */
    uint32_t connect_ms;
    uint32_t answer_ms; /* for the answer of a call, and before it for a free connection */
    uint32_t read_ms;   /* in which a read waits for a connection, and is tried again */
};

/* PAR_E_BAD_REQUEST: the list names no gateway, or something else; one line in why_r.
 * PAR_E_UNAVAILABLE: no memory. Opens nothing yet. */
enum par_err par_hbase__pool_new(const struct par_hbase__pool_config *config,
                                 struct par_hbase__pool **pool_r,
                                 struct par_buf *why_r) PAR_MUST_CHECK;
/* Nobody is inside a call. */
void par_hbase__pool_free(struct par_hbase__pool **pool);

/* What runs on a connection; arg is the caller's. */
typedef enum par_hbase__end (*par_hbase__pool_fn)(struct par_hbase__gateway *gateway, void *arg);
/* Runs fn on a connection, waiting for a free one up to answer_ms; once. BUSY: not even that. why_r
 * (may be NULL) gets a line unless OK. Any thread that may block. */
enum par_hbase__end par_hbase__pool_once(struct par_hbase__pool *pool, par_hbase__pool_fn fn,
                                         void *arg, struct par_buf *why_r);
/* The same, again until it ends OK or REFUSED or read_ms are over: fn must be harmless twice. */
enum par_hbase__end par_hbase__pool_read(struct par_hbase__pool *pool, par_hbase__pool_fn fn,
                                         void *arg, struct par_buf *why_r);

#endif
