/* Conversations in memory: loaded at their first command, forgotten when they are the oldest of too
 * many. */
#include "conv/writer_private.h"

#include "base/log.h"
#include "loop/env.h"

#include <stdlib.h>

static bool state_is(const struct par_map_node *node, const void *key, size_t len)
{
    return memcmp(&PAR_CONTAINER(node, struct par_conv_state, node)->conv, key, len) == 0;
}

void par_conv__cache_init(struct par_writer *w)
{
    par_random(w->seed, sizeof w->seed);
    par_map_init(&w->convs, w->seed, state_is);
    par_list_init(&w->lru);
}

static void free_alone(struct par_conv_state *st)
{
    free((void *)st->name.ptr);
    free(st->members);
    free(st->list);
    free(st->foreseen);
    free(st);
}

static void free_state(struct par_writer *w, struct par_conv_state *st)
{
    par_map_remove(&w->convs, &st->node);
    par_list_remove(&st->lru);
    par_list_remove(&st->due);
    w->cache_bytes -= st->bytes;
    free_alone(st);
}

void par_conv__account(struct par_writer *w, struct par_conv_state *st)
{
    size_t bytes = sizeof *st + st->name.len + st->member_count * sizeof *st->members +
                   (st->list ? sizeof *st->list + st->list->count * sizeof st->list->user[0] : 0) +
                   st->foreseen_count * sizeof *st->foreseen;
    w->cache_bytes += bytes - st->bytes;
    st->bytes = bytes;
}

void par_conv__evict(struct par_writer *w)
{
    while (par_map_count(&w->convs) > w->config.cache_convs ||
           (w->cache_bytes > w->config.cache_bytes && !par_list_empty(&w->lru))) {
        struct par_conv_state *st = PAR_CONTAINER(w->lru.prev, struct par_conv_state, lru);
        par_marks__tell(w, st);
        free_state(w, st);
        w->live.evictions++;
    }
}

void par_conv__drop_all(struct par_writer *w)
{
    while (!par_list_empty(&w->lru))
        free_state(w, PAR_CONTAINER(w->lru.next, struct par_conv_state, lru));
    w->due_count = 0;
}

struct par_conv_member *par_conv__member(const struct par_conv_state *st, uint64_t user)
{
    size_t low = 0, high = st->member_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (st->members[middle].user == user)
            return &st->members[middle];
        if (st->members[middle].user < user)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool par_conv__visible(const struct par_conv_state *st, const struct par_conv_member *m,
                       uint64_t seq)
{
    if (seq < 1 || seq > st->last_seq || seq < st->floor)
        return false;
    return st->history != PAR_HISTORY_JOINED || seq >= m->joined_seq;
}

static bool set_members(struct par_conv_state *st, const struct par_roster_slot *slot)
{
    size_t count = st->conv.kind == PAR_CONV_DIRECT ? 2 : slot ? par_roster_count(slot) : 0;
    if (count == 0)
        return true;
    st->members = calloc(count, sizeof *st->members);
    st->list = malloc(sizeof *st->list + count * sizeof st->list->user[0]);
    if (!st->members || !st->list)
        return false;
    if (st->conv.kind == PAR_CONV_DIRECT) {
        par_conv_users(&st->conv, &st->members[0].user, &st->members[1].user);
        for (size_t i = 0; i < 2; i++) {
            st->members[i].joined_seq = 1;
            st->members[i].role = PAR_ROLE_MEMBER;
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            struct par_member m = par_roster_member(slot, i);
            st->members[i].user = m.user;
            st->members[i].joined_seq = m.joined_seq;
            st->members[i].place = m.place;
            st->members[i].role = m.role;
        }
    }
    *st->list = (struct par_members){.count = (uint32_t)count};
    for (size_t i = 0; i < count; i++)
        st->list->user[i] = st->members[i].user;
    st->member_count = count;
    return true;
}

/* The conversation row as of `stamp`; base: the newest entry then, or NULL to take the row's word,
 * which is right where rows appear in batches. */
static void adopt_conversation(struct par_conv_state *st, struct par_str conversation,
                               const struct par_entry *base, uint64_t stamp)
{
    struct par_conversation row = {0};
    if (conversation.ptr && !par_conversation_decode(conversation, &row)) {
        st->damaged = true;
    } else if (base) {
        /* N2: the row may be of the future: only what never changes is taken from it. */
        st->damaged |= base->seq > 0 && row.last_seq == 0;
        if (base->seq == 0)
            return;
        st->last_seq = base->seq;
        st->last_ts = base->ts;
        st->last_stamp = base->stamp;
        st->text_count = base->text_no;
        st->created = row.created;
        st->creator = row.creator;
        if (PAR_MUTANT(N2_BASE_FROM_CONVERSATION)) {
            st->last_seq = row.last_seq;
            st->last_ts = row.last_ts;
            st->text_count = row.text_count;
        }
    } else if (conversation.ptr && row.last_stamp >= stamp) {
        st->damaged = true;
    } else {
        st->last_seq = row.last_seq;
        st->last_ts = row.last_ts;
        st->last_stamp = row.last_stamp;
        st->text_count = row.text_count;
        st->changed = row.changed;
        st->created = row.created;
        st->creator = row.creator;
    }
}

/* N2: the roster as of the command. Neither slot: another writer went on from here. */
static const struct par_roster_slot *slot_as_of(const struct par_roster *two, uint64_t stamp)
{
    const struct par_roster_slot *slot = par_roster_as_of(two, stamp);
    if (PAR_MUTANT(N2_ROSTER_NEWEST))
        return &two->now;
    return slot || !PAR_MUTANT(N2_NO_STOP) ? slot : &two->before;
}

/* The rows of a conversation as of `stamp`: false when there is no memory; damaged when no writer
 * can have left them. */
static bool adopt(struct par_conv_state *st, struct par_str conversation, struct par_str roster,
                  const struct par_entry *base, uint64_t stamp)
{
    struct par_roster two;
    const struct par_roster_slot *slot = NULL;
    adopt_conversation(st, conversation, base, stamp);
    if (st->damaged)
        return true;
    if (roster.ptr) {
        if (!par_roster_decode(roster, &two)) {
            st->damaged = true;
            return true;
        }
        slot = slot_as_of(&two, stamp);
        if (!slot) {
            st->beyond = true;
            return true;
        }
        st->roster_present = slot->present;
        st->roster_stamp = slot->stamp;
        st->roster_seq = slot->seq;
        st->floor = slot->floor;
        st->history = slot->history;
        st->blocks = slot->blocks;
        if (slot->name.len) {
            char *name = malloc(slot->name.len);
            if (!name)
                return false;
            memcpy(name, slot->name.ptr, slot->name.len);
            st->name = par_str_of(name, slot->name.len);
        }
    }
    if (st->conv.kind == PAR_CONV_GROUP && st->last_seq > 0 && !st->roster_present) {
        st->damaged = true;
        return true;
    }
    return set_members(st, slot);
}

static void log_damage(const struct par_conv_state *st, uint64_t stamp)
{
    char id[PAR_CONV_TEXT_MAX];
    size_t len = par_conv_format(&st->conv, id);
    par_log_error("conv.damaged", PAR_KV("conv", par_str_of(id, len)), PAR_KV("stamp", stamp));
}

static bool load(struct par_writer *w, struct par_conv_state *st, uint64_t stamp)
{
    struct par_arena arena = {0};
    struct par_str key = par_str_of(st->key, sizeof st->key), values[2];
    const struct par_store_key keys[2] = {{PAR_T_CONVERSATIONS, key}, {PAR_T_ROSTERS, key}};
    struct par_entry base;
    bool ok = (!w->by_rows || par_foreseen__load(w, st, stamp, &base)) &&
              par_store_multi_get(w->store, 2, keys, &arena, values) == PAR_OK &&
              adopt(st, values[0], values[1], w->by_rows ? &base : NULL, stamp);
    par_arena_fini(&arena);
    w->live.loads++;
    if (!ok)
        return false;
    /* With one writer on one machine nobody else can have gone on, so the row is damaged. */
    if (st->beyond && w->embedded)
        st->damaged = true;
    else if (st->beyond)
        par_writer__end(w, PAR_WRITER_REPLACED, "another owner has changed a roster twice");
    if (!st->damaged)
        return !par_writer__ended(w);
    log_damage(st, stamp);
    /* Where others would decide by the same rows, nobody may decide without them. */
    if (!w->embedded)
        par_writer__end(w, PAR_WRITER_HALTED, "rows of a conversation cannot be what was written");
    return w->embedded;
}

/* N3: a conversation is loaded only while nothing of it is in flight. One that a take uses is not
 * evicted before its end, so whatever is not in memory has no row in this take's batches. */
struct par_conv_state *par_conv__state(struct par_writer *w, const struct par_conv *conv,
                                       uint64_t stamp)
{
    struct par_str key = par_str_of(conv, sizeof *conv);
    struct par_map_node *node = par_map_find(&w->convs, key);
    struct par_conv_state *st;
    if (node) {
        st = PAR_CONTAINER(node, struct par_conv_state, node);
        if (st->take != w->take) {
            st->take = w->take;
            par_list_remove(&st->lru);
            par_list_prepend(&w->lru, &st->lru);
        }
        return st;
    }
    st = calloc(1, sizeof *st);
    if (!st)
        return NULL;
    st->conv = *conv;
    struct par_key prefix = par_key_conv(conv);
    memcpy(st->key, prefix.bytes, sizeof st->key);
    par_list_init(&st->due);
    par_list_init(&st->lru);
    if (!load(w, st, stamp) || !par_map_insert(&w->convs, &st->node, key)) {
        free_alone(st);
        return NULL;
    }
    st->take = w->take;
    w->touched++;
    par_list_prepend(&w->lru, &st->lru);
    par_conv__account(w, st);
    return st;
}

static bool mark_row(void *arg, struct par_str key, struct par_str value)
{
    struct par_conv_state *st = arg;
    struct par_conv conv;
    uint64_t user;
    struct par_mark mark;
    struct par_conv_member *m;
    if (!par_key_parse_mark(key, &conv, &user) || !par_mark_decode(value, &mark))
        st->damaged = true;
    else if ((m = par_conv__member(st, user)) != NULL)
        m->mark = mark;
    return true;
}

bool par_conv__load_marks(struct par_writer *w, struct par_conv_state *st)
{
    if (st->marks_loaded || st->member_count == 0)
        return true;
    struct par_str prefix = par_str_of(st->key, sizeof st->key);
    if (st->conv.kind == PAR_CONV_DIRECT) {
        struct par_arena arena = {0};
        struct par_key key[2];
        struct par_store_key keys[2];
        struct par_str values[2];
        for (size_t i = 0; i < 2; i++) {
            key[i] = par_conv__key_u64(st, st->members[i].user);
            keys[i] = (struct par_store_key){PAR_T_MARKS, par_key_str(&key[i])};
        }
        bool ok = par_store_multi_get(w->store, 2, keys, &arena, values) == PAR_OK;
        for (size_t i = 0; ok && i < 2; i++)
            if (values[i].ptr && !par_mark_decode(values[i], &st->members[i].mark))
                st->damaged = true;
        par_arena_fini(&arena);
        st->marks_loaded = ok;
        return ok;
    }
    struct par_key end = par_key_after(prefix);
    st->marks_loaded =
        par_store_scan(w->store, PAR_T_MARKS, prefix, par_key_str(&end), 0, mark_row, st) == PAR_OK;
    return st->marks_loaded;
}
