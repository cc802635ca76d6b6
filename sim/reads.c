/* The last reads: sync, and of each conversation the members and all pages of history; then what
 * the device itself holds. */
#include "sim/reads.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "proto/encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 100, AGAIN_MS = 300, CONV_ID = 80 };
enum step { SYNC = 0, PRESENCE, NEWEST, MEMBERS, PAGES, DONE };

struct reader {
    struct par_timer again;
    struct sim_device *device;
    enum step step;
    char (*convs)[CONV_ID];
    unsigned count, at;
    uint64_t after;
    uint64_t turn; /* tag of the ask that is open */
    uint64_t answered;
    enum par_err err;
};

static void ask(struct reader *r)
{
    struct sim_device *d = r->device;
    char members[8192];
    const char *conv = r->count ? r->convs[r->at] : "";
    const char *op = "";
    members[0] = 0;
    switch (r->step) {
    case SYNC:
        op = "sync";
        snprintf(members, sizeof members, "\"limit\":500");
        break;
    case PRESENCE: {
        op = "presence";
        size_t n = (size_t)snprintf(members, sizeof members, "\"users\":[");
        for (unsigned i = 0; i < d->all->user_count; i++)
            n += (size_t)snprintf(members + n, sizeof members - n, "%s\"%llu\"", i ? "," : "",
                                  (unsigned long long)d->all->users[i].id);
        snprintf(members + n, sizeof members - n, "]");
        break;
    }
    case NEWEST:
        op = "history";
        snprintf(members, sizeof members, "\"conv\":\"%s\"", conv);
        break;
    case MEMBERS:
        op = "members";
        snprintf(members, sizeof members, "\"conv\":\"%s\",\"limit\":500", conv);
        break;
    case PAGES:
        op = "history";
        snprintf(members, sizeof members, "\"conv\":\"%s\",\"after_seq\":%llu,\"limit\":%d", conv,
                 (unsigned long long)r->after, PAGE);
        break;
    case DONE:
        return;
    }
    r->turn++;
    if (!sim_device_ask(d, op, members, r->turn << 8 | SIM_TAG_READ))
        par_timer_set(d->all->loop, &r->again, AGAIN_MS);
}

static void again(struct par_timer *timer)
{
    ask(PAR_CONTAINER(timer, struct reader, again));
}

static void next(struct reader *r, const struct par_json *ok)
{
    struct par_json value;
    int64_t n;
    switch (r->step) {
    case SYNC:
        r->step = PRESENCE;
        break;
    case PRESENCE:
        r->step = r->count ? NEWEST : DONE;
        break;
    case NEWEST:
        r->step = MEMBERS;
        break;
    case MEMBERS:
        r->step = PAGES;
        r->after = 0;
        break;
    case PAGES:
        if (par_json_get(ok, "more", &value) && value.type == PAR_JSON_TRUE &&
            par_json_get(ok, "entries", &value)) {
            struct par_json_iter it = par_json_iter(&value);
            struct par_json entry, seq;
            while (par_json_next_item(&it, &entry))
                if (par_json_get(&entry, "seq", &seq) && par_json_to_int(&seq, &n))
                    r->after = (uint64_t)n;
            break;
        }
        r->step = ++r->at < r->count ? NEWEST : DONE;
        break;
    case DONE:
        break;
    }
}

void sim_device_answered(struct sim_device *d, uint64_t tag, struct par_str ok, enum par_err err)
{
    struct reader *r = d->reader;
    if (!r || (tag & 0xFF) != SIM_TAG_READ || tag >> 8 != r->turn)
        return;
    r->err = err;
    bool final = err == PAR_E_NOT_MEMBER || err == PAR_E_NOT_FOUND;
    if (!ok.ptr && !final) {
        par_timer_set(d->all->loop, &r->again, AGAIN_MS);
        return;
    }
    r->answered++;
    struct par_arena arena = {0};
    struct par_json object = {0};
    if (ok.ptr && par_json_check(ok, PAR_JSON_DEPTH_MAX, &arena, &object) != PAR_JSON_FINE)
        sim_fail("protocol", "%s: an answer that is no JSON", d->name);
    if (final && r->step >= NEWEST)
        r->step = PAGES; /* the next conversation */
    next(r, &object);
    par_arena_fini(&arena);
    /* Not within the core's own call. */
    if (r->step != DONE)
        par_timer_set(d->all->loop, &r->again, 0);
}

void sim_reads_begin(struct sim_device *d)
{
    struct reader *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->device = d;
    d->reader = r;
    par_timer_init(&r->again, again);
    for (const struct par_sdk_conv *c = par_sdk_conv_after(d->sdk, NULL); c;
         c = par_sdk_conv_after(d->sdk, c))
        r->count++;
    r->convs = calloc(r->count + 1, CONV_ID);
    if (!r->convs)
        abort();
    unsigned i = 0;
    for (const struct par_sdk_conv *c = par_sdk_conv_after(d->sdk, NULL); c;
         c = par_sdk_conv_after(d->sdk, c))
        snprintf(r->convs[i++], CONV_ID, "%.*s", PAR_STR_ARGS(c->id));
    ask(r);
}

bool sim_reads_done(const struct sim_device *d)
{
    const struct reader *r = d->reader;
    return r->step == DONE;
}

uint64_t sim_reads_answered(const struct sim_device *d)
{
    const struct reader *r = d->reader;
    return r->answered;
}

void sim_reads_where(const struct sim_device *d, struct par_buf *out)
{
    const struct reader *r = d->reader;
    par_buf_printf(out, "%s: step %d, conversation %u of %u, after %llu, last error %s, link %d",
                   d->name, (int)r->step, r->at, r->count, (unsigned long long)r->after,
                   r->err ? "yes" : "none", (int)par_sdk_status(d->sdk).link);
}

/* ---- what the device holds ---- */

static const char *const kinds[] = {
    [0] = NULL,
#define X(NAME, number, word) [number] = word,
#include "parley/tbl/entry_kinds.h"
#undef X
};

/* As history would show it, as far as the core keeps it. */
static void add_entry(struct par_buf *out, const struct par_sdk_entry *e)
{
    struct par_json_out w = par_json_out(out);
    par_json_open(&w);
    par_json_key_int(&w, "seq", (int64_t)e->seq);
    par_json_key_int(&w, "ts", e->ts);
    if (e->from)
        par_json_key_id(&w, "from", e->from);
    if (e->kind < sizeof kinds / sizeof kinds[0] && kinds[e->kind])
        par_json_key_z(&w, "kind", kinds[e->kind]);
    if (e->text.ptr)
        par_json_key_str(&w, "text", e->text);
    if (e->cmid.ptr)
        par_json_key_str(&w, "cmid", e->cmid);
    if (e->reply_to)
        par_json_key_int(&w, "reply_to", (int64_t)e->reply_to);
    if (e->target)
        par_json_key_int(&w, "target", (int64_t)e->target);
    if (e->edited_seq)
        par_json_key_int(&w, "edited_seq", (int64_t)e->edited_seq);
    if (e->deleted_seq)
        par_json_key_int(&w, "deleted_seq", (int64_t)e->deleted_seq);
    par_json_close(&w);
}

void sim_reads_end(struct sim_device *d)
{
    struct reader *r = d->reader;
    struct par_buf entry = {0};
    int64_t t = sim_history_t();
    for (const struct par_sdk_conv *c = par_sdk_conv_after(d->sdk, NULL); c;
         c = par_sdk_conv_after(d->sdk, c)) {
        if (!c->hi)
            continue;
        struct par_history_hold hold =
            par_history_hold(&sim_history.buf, t, d->name, c->id, c->lo, c->hi);
        for (uint64_t seq = c->lo; seq <= c->hi; seq++) {
            const struct par_sdk_entry *e = par_sdk_entry(c, seq);
            if (!e)
                continue;
            par_buf_clear(&entry);
            add_entry(&entry, e);
            par_history_hold_entry(&hold, par_buf_str(&entry));
        }
        par_history_hold_end(&hold);
    }
    struct par_str cmids[256];
    size_t count = 0;
    for (const struct par_sdk_item *i = par_sdk_item_after(d->sdk, NULL); i && count < 256;
         i = par_sdk_item_after(d->sdk, i))
        if (i->state == PAR_SDK_SENDING)
            cmids[count++] = i->write->cmid;
    par_history_outbox(&sim_history.buf, t, d->name, cmids, count);
    par_buf_fini(&entry);
    par_timer_cancel(&r->again);
    free(r->convs);
    free(r);
    d->reader = NULL;
}
