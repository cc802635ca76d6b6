/* Verify: the walk over the tables. */
#include "store/verify_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void violation(struct par_verify *v, const char *where, const char *fmt, va_list args)
{
    char line[512];
    /* What lies beyond a read that failed is not missing. */
    if (v->err != PAR_OK)
        return;
    int n = snprintf(line, sizeof line, "%s: ", where);
    vsnprintf(line + n, sizeof line - (size_t)n, fmt, args);
    v->counts.violations++;
    v->report(v->arg, par_str(line));
}

void par_verify__violation(struct par_verify *v, const struct par_conv *conv, const char *fmt, ...)
{
    char text[PAR_CONV_TEXT_MAX + 1];
    va_list args;
    text[par_conv_format(conv, text)] = '\0';
    va_start(args, fmt);
    violation(v, text, fmt, args);
    va_end(args);
}

void par_verify__row(struct par_verify *v, enum par_table table, struct par_str key,
                     const char *fmt, ...)
{
    char where[300];
    va_list args;
    int n = snprintf(where, sizeof where, "%s ", par_table_name(table));
    for (size_t i = 0; i < key.len && n < (int)sizeof where - 3; i++)
        n += snprintf(where + n, sizeof where - (size_t)n, "%02x", (uint8_t)key.ptr[i]);
    va_start(args, fmt);
    violation(v, where, fmt, args);
    va_end(args);
}

/* ---- what may be there in part ---- */

static void load_partitions(struct par_verify *v)
{
    struct par_pages p =
        par_pages_prefix(v->store, PAR_T_CHECKPOINTS, (struct par_str){0}, PAR_VERIFY_PAGE);
    while (v->err == PAR_OK && par_pages_next(&p)) {
        for (const struct par_store_row *row = p.rows; row != NULL; row = row->next) {
            struct par_checkpoint c;
            uint64_t id;
            struct par_verify_partition *list =
                realloc(v->partitions, (v->partition_count + 1) * sizeof *list);
            if (list == NULL) {
                v->err = PAR_E_UNAVAILABLE;
                break;
            }
            v->partitions = list;
            if (par_key_parse_number(row->key, &id) && par_checkpoint_decode(row->value, &c))
                list[v->partition_count++] = (struct par_verify_partition){
                    (uint32_t)id, c.partitions ? c.partitions : 1, c.position};
        }
    }
    if (p.err != PAR_OK)
        v->err = p.err;
    par_pages_fini(&p);
}

bool par_verify__unfinished(const struct par_verify *v, const struct par_conv *conv, uint64_t stamp)
{
    if (!v->by_rows)
        return false;
    uint32_t generation = par_stamp_generation(stamp);
    for (size_t i = 0; i < v->partition_count; i++) {
        const struct par_verify_partition *p = &v->partitions[i];
        uint32_t number = (uint32_t)par_key_conv_hash2(conv) * p->count >> 16;
        if (p->id == (generation << 16 | number))
            return par_stamp_offset(stamp) >= p->position;
    }
    return true;
}

static void conversations(struct par_verify *v)
{
    struct par_pages p =
        par_pages_prefix(v->store, PAR_T_CONVERSATIONS, (struct par_str){0}, PAR_VERIFY_PAGE);
    while (v->err == PAR_OK && par_pages_next(&p)) {
        for (const struct par_store_row *row = p.rows; row != NULL && v->err == PAR_OK;
             row = row->next) {
            struct par_conversation c;
            struct par_conv conv;
            if (!par_key_parse_conv(row->key, &conv)) {
                par_verify__row(v, p.table, row->key, "the key names no conversation");
            } else if (!par_conversation_decode(row->value, &c)) {
                par_verify__violation(v, &conv, "the conversation's row cannot be read");
            } else {
                c.conv = conv;
                par_verify__conversation(v, &c);
            }
        }
    }
    if (p.err != PAR_OK)
        v->err = p.err;
    par_pages_fini(&p);
}

/* The stamp of a row that has one. */
static uint64_t stamp_of(enum par_table table, struct par_str value)
{
    struct par_entry e;
    struct par_mark m;
    struct par_roster r;
    /* Rows of the index are of what is complete. */
    if (table == PAR_T_SEARCH)
        return 0;
    if (table == PAR_T_ENTRIES)
        return par_entry_decode(value, &e) ? e.stamp : 0;
    if (table == PAR_T_MARKS)
        return par_mark_decode(value, &m) ? m.stamp : 0;
    return par_roster_decode(value, &r) ? r.now.stamp : 0;
}

/* From conversation to conversation in one step each: what lies under a conversation that has no
 * row of its own is lost to everybody. The roster of a direct one may be older than its first
 * entry. */
static void strays(struct par_verify *v, enum par_table table)
{
    struct par_pages p = par_pages_prefix(v->store, table, (struct par_str){0}, 1);
    while (v->err == PAR_OK && par_pages_next(&p)) {
        struct par_str key = p.rows->key;
        struct par_conv conv;
        struct par_buf value = {0};
        struct par_str prefix =
            par_str_of(key.ptr, key.len < PAR_KEY_CONV ? key.len : PAR_KEY_CONV);
        if (!par_key_parse_conv(prefix, &conv)) {
            par_verify__row(v, table, key, "the key names no conversation");
            continue;
        }
        int found = par_store_get(v->store, PAR_T_CONVERSATIONS, prefix, &value);
        if (found < 0)
            v->err = PAR_E_UNAVAILABLE;
        if (found == 0 && !(table == PAR_T_ROSTERS && conv.kind == PAR_CONV_DIRECT) &&
            !par_verify__unfinished(v, &conv, stamp_of(table, p.rows->value)))
            par_verify__violation(v, &conv, "there are %s, but no row of the conversation",
                                  par_table_name(table));
        par_buf_fini(&value);
        struct par_key next = par_key_after(prefix);
        par_pages_jump(&p, par_key_str(&next));
    }
    if (p.err != PAR_OK)
        v->err = p.err;
    par_pages_fini(&p);
}

/* E6: the checkpoint lies above everything that was numbered. */
static void checkpoints(struct par_verify *v)
{
    struct par_arena arena = {0};
    struct par_store_row *row;
    enum par_err err = par_store_scan_in(v->store, PAR_T_CHECKPOINTS, PAR_STR(""), PAR_STR(""), 0,
                                         0, &arena, &row, NULL);
    if (err != PAR_OK)
        v->err = err;
    bool only = row != NULL && row->next == NULL && !v->by_rows;
    if (err == PAR_OK && row == NULL && v->max_stamp > 0 && !v->by_rows)
        par_verify__row(v, PAR_T_CHECKPOINTS, PAR_STR(""), "there are entries, but no checkpoint");
    for (; err == PAR_OK && row != NULL; row = row->next) {
        struct par_checkpoint c;
        v->counts.rows++;
        if (!par_checkpoint_decode(row->value, &c))
            par_verify__row(v, PAR_T_CHECKPOINTS, row->key, "the row cannot be read");
        else if (only && par_stamp(c.generation, c.position) <= v->max_stamp)
            par_verify__row(v, PAR_T_CHECKPOINTS, row->key,
                            "the position %llu does not lie above the stamp %llu of an entry",
                            (unsigned long long)c.position,
                            (unsigned long long)par_stamp_offset(v->max_stamp));
    }
    par_arena_fini(&arena);
}

enum par_err par_store_verify(struct par_store *store, par_verify_report_fn report, void *arg,
                              struct par_verify_counts *counts_r)
{
    struct par_verify v = {.store = store, .report = report, .arg = arg};
    void (*const steps[])(struct par_verify *) = {conversations, par_verify__cmids,
                                                  par_verify__user_convs, par_verify__accounts,
                                                  checkpoints};
    v.by_rows = !par_store_atomic(store);
    if (v.by_rows)
        load_partitions(&v);
    static const enum par_table below[] = {PAR_T_ENTRIES, PAR_T_MARKS, PAR_T_ROSTERS, PAR_T_SEARCH};
    for (size_t i = 0; i < sizeof steps / sizeof *steps && v.err == PAR_OK; i++)
        steps[i](&v);
    for (size_t i = 0; i < sizeof below / sizeof *below && v.err == PAR_OK; i++)
        strays(&v, below[i]);
    free(v.partitions);
    *counts_r = v.counts;
    return v.err;
}

void par_verify_summary(const struct par_verify_counts *c, struct par_buf *line)
{
    par_buf_printf(
        line,
        "verify: %llu violations; %llu conversations, %llu entries (%llu texts), %llu cmids, "
        "%llu marks, %llu members, %llu users, %llu devices",
        (unsigned long long)c->violations, (unsigned long long)c->conversations,
        (unsigned long long)c->entries, (unsigned long long)c->texts, (unsigned long long)c->cmids,
        (unsigned long long)c->marks, (unsigned long long)c->members, (unsigned long long)c->users,
        (unsigned long long)c->devices);
}
