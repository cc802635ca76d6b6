/* Unit tests only: a writer with its store, queue and routes, whose deliveries are kept for the
 * test to look at. */
#ifndef PAR_CONV_TEST_WORLD_H
#define PAR_CONV_TEST_WORLD_H

#include "conv/delivery.h"
#include "conv/writer.h"
#include "parley/queue.h"
#include "parley/route.h"
#include "parley/store.h"
#include "store/key.h"
#include "store/record.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { WORLD_SERVER = 7, WORLD_USERS_MAX = 600 };

/* A delivery, copied. Texts end with NUL. */
struct kept {
    enum par_delivery_kind kind;
    struct par_conv conv;
    struct par_reply reply;
    enum par_err err;
    uint32_t retry_after_ms;
    char message[80];
    uint64_t seq;
    int64_t ts;
    bool dup;
    struct par_entry entry; /* its strings point into the next two */
    char text[128];
    char cmid[80];
    uint64_t entry_users[WORLD_USERS_MAX];
    size_t entry_user_count;
    uint64_t user, delivered, read;
    uint32_t conv_set;
    bool member;
    char name[80];
    struct par_settings settings;
    char draft[80];
    uint64_t users[WORLD_USERS_MAX];
    size_t user_count;
};

struct world {
    struct par_store *store;
    struct par_queue *queue;
    struct par_route *route;
    struct par_writer *writer;
    struct par_writer_config config;
    uint64_t handle; /* of the newest command */
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct kept **kept;
    size_t count, cap;
    struct par_push_job *pushes;
    size_t push_count, push_cap;
};

/* driver and fail as in par_store_options, or the driver "rows": `fail`, but not atomic. The writer
 * is not started. */
void world_init(struct world *w, const char *driver, const char *fail, const char *path);
void world_start(struct world *w);
/* Stops the writer, and starts another on the same store with a new queue. */
void world_stop(struct world *w);
/* Between stop and start: closes the store and opens it again. */
void world_reopen(struct world *w, const char *driver, const char *path);
void world_fini(struct world *w);
/* Users first … last have a route to WORLD_SERVER. */
void world_online(struct world *w, uint64_t first, uint64_t last);

/* Sends the command; returns its handle. reply.endpoint stays as given. */
uint64_t world_ask(struct world *w, struct par_command c);
/* The answer to a handle; waits for it. */
const struct kept *world_answer(struct world *w, uint64_t handle);
/* Both. */
const struct kept *world_do(struct world *w, struct par_command c);
/* Waits until everything that follows from the commands so far was released (merged marks aside).
 */
void world_settle(struct world *w);
/* Forgets what was kept. */
void world_forget(struct world *w);
/* The n-th delivery (from 0) of a kind, or NULL. */
const struct kept *world_nth(struct world *w, enum par_delivery_kind kind, size_t n);
size_t world_count(struct world *w, enum par_delivery_kind kind);
/* Waits until there are n of a kind. */
void world_await(struct world *w, enum par_delivery_kind kind, size_t n);

/* Commands. */
struct par_command send_to(uint64_t user, struct par_conv conv, const char *cmid, const char *text);
struct par_command change(enum par_command_kind kind, uint64_t user, struct par_conv conv,
                          const char *cmid, uint64_t target, const char *text);
struct par_command create(uint64_t user, const char *cmid, const char *name, const uint64_t *users,
                          size_t count);
struct par_command group(enum par_command_kind kind, uint64_t user, struct par_conv conv,
                         const char *cmid, const uint64_t *users, size_t count);
struct par_command role_of(uint64_t user, struct par_conv conv, const char *cmid,
                           const uint64_t *whom, enum par_role role);
struct par_command marks_of(uint64_t user, const struct par_command_mark *marks, size_t count);

/* Rows of the store, decoded in the arena; false when there is none. */
bool row_entry(struct world *w, struct par_arena *arena, const struct par_conv *conv, uint64_t seq,
               struct par_entry *row_r);
bool row_conversation(struct world *w, struct par_arena *arena, const struct par_conv *conv,
                      struct par_conversation *row_r);
bool row_roster(struct world *w, struct par_arena *arena, const struct par_conv *conv,
                struct par_roster *row_r);
bool row_mark(struct world *w, const struct par_conv *conv, uint64_t user, struct par_mark *row_r);
bool row_user_conv(struct world *w, struct par_arena *arena, uint64_t user,
                   const struct par_conv *conv, struct par_user_conv *row_r);
bool row_cmid(struct world *w, const struct par_conv *conv, uint64_t user, const char *cmid,
              struct par_cmid *row_r);
struct par_checkpoint row_checkpoint(struct world *w);

/* The answer must be this error, or an accepted seq that is (not) a duplicate. */
#define assert_refused(w, command, error) assert_int_equal(world_do(w, command)->err, error)
#define assert_seq(w, command, number)                                                             \
    do {                                                                                           \
        const struct kept *k_ = world_do(w, command);                                              \
        assert_int_equal(k_->err, PAR_OK);                                                         \
        assert_int_equal(k_->seq, number);                                                         \
        assert_false(k_->dup);                                                                     \
    } while (0)
#define assert_dup(w, command, number)                                                             \
    do {                                                                                           \
        const struct kept *k_ = world_do(w, command);                                              \
        assert_int_equal(k_->err, PAR_OK);                                                         \
        assert_int_equal(k_->seq, number);                                                         \
        assert_true(k_->dup);                                                                      \
    } while (0)

#endif
