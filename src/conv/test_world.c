/* Unit tests only: a writer with everything around it, and a sink that keeps copies. */
#include "conv/test_world.h"

#include "store/test_rows.h"

#include <stdlib.h>
#include <time.h>

static void copy_text(char *to, size_t size, struct par_str from)
{
    assert_true(from.len < size);
    if (from.len)
        memcpy(to, from.ptr, from.len);
    to[from.len] = 0;
}

static void keep(void *arg, const struct par_delivery *d)
{
    struct world *w = arg;
    struct kept *k = calloc(1, sizeof *k);
    k->kind = d->kind;
    k->conv = d->conv;
    k->reply = d->reply;
    k->err = d->err;
    k->retry_after_ms = d->retry_after_ms;
    copy_text(k->message, sizeof k->message, d->message);
    k->seq = d->seq;
    k->ts = d->ts;
    k->dup = d->dup;
    if (d->entry) {
        k->entry = *d->entry;
        copy_text(k->text, sizeof k->text, d->entry->text);
        copy_text(k->cmid, sizeof k->cmid, d->entry->cmid);
        k->entry_user_count = par_users_count(d->entry->users);
        for (size_t i = 0; i < k->entry_user_count; i++)
            k->entry_users[i] = par_users_at(d->entry->users, i);
    }
    k->user = d->user;
    k->delivered = d->delivered;
    k->read = d->read;
    k->conv_set = d->conv_set;
    k->member = d->member;
    copy_text(k->name, sizeof k->name, d->name);
    k->settings = d->settings;
    copy_text(k->draft, sizeof k->draft, d->settings.draft);
    k->user_count = d->user_count;
    for (size_t i = 0; i < d->user_count; i++)
        k->users[i] = d->users[i];
    pthread_mutex_lock(&w->lock);
    if (w->count == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 256;
        w->kept = realloc(w->kept, w->cap * sizeof *w->kept);
    }
    w->kept[w->count++] = k;
    pthread_cond_broadcast(&w->more);
    pthread_mutex_unlock(&w->lock);
}

static void keep_push(void *arg, const struct par_push_job *job)
{
    struct world *w = arg;
    pthread_mutex_lock(&w->lock);
    if (w->push_count == w->push_cap) {
        w->push_cap = w->push_cap ? w->push_cap * 2 : 64;
        w->pushes = realloc(w->pushes, w->push_cap * sizeof *w->pushes);
    }
    w->pushes[w->push_count] = *job;
    w->pushes[w->push_count++].text = (struct par_str){0};
    pthread_mutex_unlock(&w->lock);
}

static void open_queue(struct world *w)
{
    assert_int_equal(par_queue_open(&(struct par_queue_config){.driver = "fail"}, &w->queue),
                     PAR_OK);
    par_queue_set_sink(w->queue, keep, NULL, w);
    par_queue_set_push(w->queue, keep_push, w);
}

static void open_store(struct world *w, const char *driver, const char *fail, const char *path)
{
    test_rows_install_fail();
    struct par_store_options options = {
        .driver = driver, .fail = fail, .path = path, .cache_mb = 8};
    struct par_buf why = {0};
    assert_int_equal(par_store_open(&options, &w->store, &why), PAR_OK);
    par_buf_fini(&why);
}

void world_reopen(struct world *w, const char *driver, const char *path)
{
    par_store_close(&w->store);
    open_store(w, driver, NULL, path);
}

void world_init(struct world *w, const char *driver, const char *fail, const char *path)
{
    *w = (struct world){.config = {.marks_merge_ms = 30, .others_ms = 60}};
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->more, NULL);
    open_store(w, driver, fail, path);
    open_queue(w);
    assert_int_equal(par_route_open(&(struct par_route_config){.driver = "fail"}, &w->route),
                     PAR_OK);
}

void world_start(struct world *w)
{
    assert_int_equal(par_writer_start(&w->config, w->store, w->queue, w->route, &w->writer),
                     PAR_OK);
}

void world_stop(struct world *w)
{
    par_writer_stop(&w->writer);
    par_queue_close(&w->queue);
    open_queue(w);
}

void world_forget(struct world *w)
{
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->count; i++)
        free(w->kept[i]);
    w->count = w->push_count = 0;
    pthread_mutex_unlock(&w->lock);
}

void world_fini(struct world *w)
{
    par_writer_stop(&w->writer);
    par_queue_close(&w->queue);
    par_route_close(&w->route);
    par_store_close(&w->store);
    world_forget(w);
    free(w->kept);
    free(w->pushes);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->more);
}

void world_online(struct world *w, uint64_t first, uint64_t last)
{
    for (uint64_t user = first; user <= last; user++)
        assert_int_equal(par_route_register(w->route, user, WORLD_SERVER, 1), PAR_OK);
}

uint64_t world_ask(struct world *w, struct par_command c)
{
    struct par_buf bytes = {0};
    c.reply.server = WORLD_SERVER;
    c.reply.handle = ++w->handle;
    par_command_encode(&c, &bytes);
    assert_false(bytes.failed);
    assert_int_equal(
        par_queue_produce(w->queue, par_queue_partition_of(w->queue, &c.conv), par_buf_str(&bytes)),
        PAR_OK);
    par_buf_fini(&bytes);
    return w->handle;
}

/* With the lock held: waits for more. */
static void wait_more(struct world *w)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    if (pthread_cond_timedwait(&w->more, &w->lock, &until) != 0)
        PAR_ASSERT(!"nothing came in 20 s");
}

const struct kept *world_answer(struct world *w, uint64_t handle)
{
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0;; i++) {
        while (i >= w->count)
            wait_more(w);
        if (w->kept[i]->kind == PAR_DELIVERY_ANSWER && w->kept[i]->reply.handle == handle) {
            struct kept *k = w->kept[i];
            pthread_mutex_unlock(&w->lock);
            return k;
        }
    }
}

const struct kept *world_do(struct world *w, struct par_command c)
{
    return world_answer(w, world_ask(w, c));
}

void world_settle(struct world *w)
{
    /* The answer to the second comes after the whole release of the batch that held the first. */
    for (int i = 0; i < 2; i++) {
        struct par_command c = {.kind = PAR_COMMAND_MARKS, .sender = 1};
        (void)world_do(w, c);
    }
}

const struct kept *world_nth(struct world *w, enum par_delivery_kind kind, size_t n)
{
    const struct kept *found = NULL;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->count && !found; i++)
        if (w->kept[i]->kind == kind && n-- == 0)
            found = w->kept[i];
    pthread_mutex_unlock(&w->lock);
    return found;
}

size_t world_count(struct world *w, enum par_delivery_kind kind)
{
    size_t n = 0;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->count; i++)
        n += w->kept[i]->kind == kind;
    pthread_mutex_unlock(&w->lock);
    return n;
}

void world_await(struct world *w, enum par_delivery_kind kind, size_t n)
{
    while (world_count(w, kind) < n) {
        pthread_mutex_lock(&w->lock);
        size_t have = 0;
        for (size_t i = 0; i < w->count; i++)
            have += w->kept[i]->kind == kind;
        if (have < n)
            wait_more(w);
        pthread_mutex_unlock(&w->lock);
    }
}

/* ---- commands ---- */

struct par_command send_to(uint64_t user, struct par_conv conv, const char *cmid, const char *text)
{
    return (struct par_command){.kind = PAR_COMMAND_SEND,
                                .conv = conv,
                                .sender = user,
                                .cmid = par_str(cmid),
                                .text = par_str(text)};
}

struct par_command change(enum par_command_kind kind, uint64_t user, struct par_conv conv,
                          const char *cmid, uint64_t target, const char *text)
{
    return (struct par_command){.kind = kind,
                                .conv = conv,
                                .sender = user,
                                .cmid = par_str(cmid),
                                .target = target,
                                .text = par_str(text),
                                .on = kind == PAR_COMMAND_REACT};
}

struct par_command create(uint64_t user, const char *cmid, const char *name, const uint64_t *users,
                          size_t count)
{
    return (struct par_command){.kind = PAR_COMMAND_GROUP_CREATE,
                                .conv = par_conv_group_id(user, par_str(cmid)),
                                .sender = user,
                                .cmid = par_str(cmid),
                                .text = par_str(name),
                                .users = users,
                                .user_count = count,
                                .group_members = 500};
}

struct par_command group(enum par_command_kind kind, uint64_t user, struct par_conv conv,
                         const char *cmid, const uint64_t *users, size_t count)
{
    return (struct par_command){.kind = kind,
                                .conv = conv,
                                .sender = user,
                                .cmid = par_str(cmid),
                                .users = users,
                                .user_count = count,
                                .group_members = 500};
}

struct par_command role_of(uint64_t user, struct par_conv conv, const char *cmid,
                           const uint64_t *whom, enum par_role role)
{
    struct par_command c = group(PAR_COMMAND_GROUP_ROLE, user, conv, cmid, whom, 1);
    c.role = role;
    return c;
}

struct par_command marks_of(uint64_t user, const struct par_command_mark *marks, size_t count)
{
    return (struct par_command){.kind = PAR_COMMAND_MARKS,
                                .sender = user,
                                .marks = marks,
                                .mark_count = count,
                                .show_read = true};
}

/* ---- rows ---- */

static struct par_str row(struct world *w, struct par_arena *arena, enum par_table table,
                          struct par_key key)
{
    struct par_str value;
    assert_true(par_store_get_in(w->store, table, par_key_str(&key), arena, &value) >= 0);
    return value;
}

bool row_entry(struct world *w, struct par_arena *arena, const struct par_conv *conv, uint64_t seq,
               struct par_entry *row_r)
{
    struct par_str value = row(w, arena, PAR_T_ENTRIES, par_key_entry(conv, seq));
    return value.ptr && par_entry_decode(value, row_r);
}

bool row_conversation(struct world *w, struct par_arena *arena, const struct par_conv *conv,
                      struct par_conversation *row_r)
{
    struct par_str value = row(w, arena, PAR_T_CONVERSATIONS, par_key_conv(conv));
    return value.ptr && par_conversation_decode(value, row_r);
}

bool row_roster(struct world *w, struct par_arena *arena, const struct par_conv *conv,
                struct par_roster *row_r)
{
    struct par_str value = row(w, arena, PAR_T_ROSTERS, par_key_conv(conv));
    return value.ptr && par_roster_decode(value, row_r);
}

bool row_mark(struct world *w, const struct par_conv *conv, uint64_t user, struct par_mark *row_r)
{
    struct par_arena arena = {0};
    struct par_str value = row(w, &arena, PAR_T_MARKS, par_key_mark(conv, user));
    bool there = value.ptr && par_mark_decode(value, row_r);
    par_arena_fini(&arena);
    return there;
}

bool row_user_conv(struct world *w, struct par_arena *arena, uint64_t user,
                   const struct par_conv *conv, struct par_user_conv *row_r)
{
    struct par_str value = row(w, arena, PAR_T_USER_CONVS, par_key_user_conv(user, conv));
    return value.ptr && par_user_conv_decode(value, row_r);
}

bool row_cmid(struct world *w, const struct par_conv *conv, uint64_t user, const char *cmid,
              struct par_cmid *row_r)
{
    struct par_arena arena = {0};
    struct par_str value = row(w, &arena, PAR_T_CMIDS, par_key_cmid(conv, user, par_str(cmid)));
    bool there = value.ptr && par_cmid_decode(value, row_r);
    par_arena_fini(&arena);
    return there;
}

struct par_checkpoint row_checkpoint(struct world *w)
{
    struct par_arena arena = {0};
    struct par_checkpoint checkpoint = {0};
    struct par_str value = row(w, &arena, PAR_T_CHECKPOINTS, par_key_number(0));
    assert_true(value.ptr && par_checkpoint_decode(value, &checkpoint));
    par_arena_fini(&arena);
    return checkpoint;
}
