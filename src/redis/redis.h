/* Redis for the drivers of routes, presence and cache: who the primary is, and connections to it.
 *
 * A call takes a free connection, opens it when there is none, and runs a function on it. One whose
 * reply did not come, or whose primary says that it is none any more, is closed; then the sentinels
 * are asked again. Everything here is a hint to the rest of Parley: a call ends within a few times
 * timeout_ms (a free connection, its answer, each sentinel, the primary that they name), OK or not,
 * and nothing waits for Redis to come back.
 *
 * Redis that does not answer at all costs that time once: after a call that waited in vain all
 * others fail at once, those that waited for a connection, too. One at a time looks whether there
 * is a primary that answers, with less patience, in pauses that grow to half a second; when there
 * is, its call goes on and so do all. A failure that costs no time (nobody listens, a replica
 * answers) refuses nothing to others. */
#ifndef PAR_REDIS_REDIS_H
#define PAR_REDIS_REDIS_H

#include "base/stats.h"
#include "base/str.h"
#include "parley/err.h"
#include "parley/redis.h"

#include <hiredis/hiredis.h>

struct par_redis;

/* Opens no connection yet. family: whose calls these are, for the metrics. PAR_E_BAD_REQUEST: an
 * address that is none; PAR_E_UNAVAILABLE: memory. */
enum par_err par_redis_new(const struct par_redis_config *config, enum par_family family,
                           struct par_redis **redis_r) PAR_MUST_CHECK;
/* Nobody is inside a call. Nulls it. */
void par_redis_free(struct par_redis **redis);

/* Talks on the connection; false: a reply was missing, or no reply at all, and the connection is
 * closed. */
typedef bool (*par_redis_fn)(redisContext *connection, void *arg);
/* Runs fn on a connection, waiting for a free one up to timeout_ms; a second time when the first
 * was on one that had been idle and turned out dead, so fn must be harmless twice.
 * PAR_E_UNAVAILABLE when it returned false, none was free, there is no primary, or Redis did not
 * answer lately; what it asked for may be done. Any thread that may block. */
enum par_err par_redis_run(struct par_redis *redis, par_redis_fn fn, void *arg) PAR_MUST_CHECK;
/* A script: static text. */
struct par_redis_script {
    const char *text;
};
/* Runs a script that is harmless twice, with those arguments and no keys. The reply is the
 * caller's, for freeReplyObject(), when it is OK, else NULL; errors and threads as par_redis_run.
 */
enum par_err par_redis_run_script(struct par_redis *redis, const struct par_redis_script *script,
                                  int argc, const struct par_str *argv,
                                  redisReply **reply_r) PAR_MUST_CHECK;
/* Grows whenever the connections in use are given up. While it stays as it is, every call that was
 * OK was answered by the same primary. Any thread. */
uint64_t par_redis_age(struct par_redis *redis);
/* A connection of the caller's own, to be freed by redisFree(): for subscriptions. NULL: none to be
 * had. Blocks. */
redisContext *par_redis_connect(struct par_redis *redis);

/* ---- inside of fn ---- */

/* Runs a script: argv are its keys (the first `keys`) and arguments. The reply is the caller's, for
 * freeReplyObject(); NULL when there was none, or an error, which is logged. */
redisReply *par_redis_eval(redisContext *connection, const struct par_redis_script *script,
                           int keys, int argc, const struct par_str *argv);
/* A command by its words; the reply as above. */
redisReply *par_redis_command(redisContext *connection, int argc, const struct par_str *argv);

/* Numbers travel as 16 hexadecimal digits, which compare as they should in a script. */
enum { PAR_REDIS_NUMBER = 16 };
struct par_redis_number {
    char text[PAR_REDIS_NUMBER + 1];
};
struct par_redis_number par_redis_number(uint64_t n);
static inline struct par_str par_redis_number_str(const struct par_redis_number *n)
{
    return par_str_of(n->text, PAR_REDIS_NUMBER);
}
/* The number of such digits; false when they are none. */
bool par_redis_parse(struct par_str text, uint64_t *n_r) PAR_MUST_CHECK;
/* The number of a reply. */
bool par_redis_parse_reply(const redisReply *reply, uint64_t *n_r) PAR_MUST_CHECK;

#endif
