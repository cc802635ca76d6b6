/* One connection to an HBase Thrift2 gateway: the calls that the driver makes, with C linkage; all
 * of Thrift is behind it (gateway.cc).
 *
 * A call blocks until the gateway has answered, and is for one thread at a time. After LOST the
 * connection is out of step and closed; the next call opens it again. Nothing throws. */
#ifndef PAR_STORE_HBASE_GATEWAY_H
#define PAR_STORE_HBASE_GATEWAY_H

#include "base/str.h"

#ifdef __cplusplus
extern "C" {
#endif

struct par_hbase__gateway;

/* How a call ended. */
enum par_hbase__end {
    PAR_HBASE_OK = 0,
    PAR_HBASE_RETRY,   /* HBase could not, for now; of a write some may be done */
    PAR_HBASE_REFUSED, /* it never will: a table that is not there, a value too large */
    PAR_HBASE_LOST,    /* no answer, or no connection: of a write everything may be done */
    PAR_HBASE_BUSY     /* no connection was free in time: it was not asked (pool.h) */
};

enum { PAR_HBASE__WHY_MAX = 200 };

/* A connection to host and port, not opened yet; connecting and each answer may take so long. host
 * is copied. NULL when memory is refused. */
struct par_hbase__gateway *par_hbase__gateway_new(const char *host, uint16_t port,
                                                  uint32_t connect_ms, uint32_t answer_ms);
void par_hbase__gateway_free(struct par_hbase__gateway **gateway);
/* What the last call that did not end OK said; static storage of the connection. */
const char *par_hbase__gateway_why(const struct par_hbase__gateway *gateway);

/* Whether the gateway itself answers within so long, whatever HBase behind it does. False: as after
 * LOST. */
bool par_hbase__alive(struct par_hbase__gateway *gateway, uint32_t answer_ms);

/* The one cell of a row. */
struct par_hbase__cell {
    struct par_str row;
    struct par_str value;
    uint64_t version; /* HBase's timestamp */
};

/* Writes cells, each with its version as timestamp. sync: on the disks of the data nodes before it
 * returns; else in their memory soon. */
enum par_hbase__end par_hbase__put(struct par_hbase__gateway *gateway, const char *table,
                                   const struct par_hbase__cell *cells, size_t n, bool sync);

/* Told a cell; borrowed for the call. False ends the call early (it is OK then). */
typedef bool (*par_hbase__cell_fn)(void *arg, size_t i, const struct par_hbase__cell *cell);

/* fn for each row that is there; i is its place in rows. */
enum par_hbase__end par_hbase__get(struct par_hbase__gateway *gateway, const char *table,
                                   const struct par_str *rows, size_t n, par_hbase__cell_fn fn,
                                   void *arg);
/* Rows with start <= row < stop in order, at most limit; an empty stop is the end of the table.
 * *count_r: how many there were. */
enum par_hbase__end par_hbase__scan(struct par_hbase__gateway *gateway, const char *table,
                                    struct par_str start, struct par_str stop, uint32_t limit,
                                    par_hbase__cell_fn fn, void *arg, uint32_t *count_r);
/* Writes the cell if the row's is still `expected` (ptr NULL: if there is none). */
enum par_hbase__end par_hbase__swap(struct par_hbase__gateway *gateway, const char *table,
                                    const struct par_hbase__cell *cell, struct par_str expected,
                                    bool *done_r);

/* ---- setting up ---- */

struct par_hbase__shape {
    const char *space; /* namespace */
    const char *table;
    uint32_t regions;      /* split evenly over the first two bytes of the row; 1: not split */
    uint32_t prefix_bytes; /* of the row that gets and scans share, for the filter; 0: whole rows */
};
/* False in *there_r when the table is missing. */
enum par_hbase__end par_hbase__there(struct par_hbase__gateway *gateway,
                                     const struct par_hbase__shape *shape, bool *there_r);
/* Makes namespace and table where they are missing; such a table is not touched. */
enum par_hbase__end par_hbase__make(struct par_hbase__gateway *gateway,
                                    const struct par_hbase__shape *shape);

#ifdef __cplusplus
}
#endif

#endif
