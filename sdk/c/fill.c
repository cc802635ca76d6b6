/* Entries that are known to exist and are not held: read by history, a few conversations at a time;
 * and pages of older ones, when somebody asks. */
#include "sdk/c/sdk_private.h"

enum {
    PARALLEL = 4,
    PAGE = 200,
    NEWEST = 50,
    SETTLE_MS = 30, /* answers and events of one batch may overtake each other by a hair */
    SETTLE_BELOW = 50,
    AGAIN_MS = 1000,
    AGAIN_MAX_MS = 30000
};

static uint32_t page_size(const struct par_sdk *sdk, uint32_t wanted)
{
    uint32_t most = sdk->history_page < PAGE ? sdk->history_page : PAGE;
    return wanted < most ? wanted : most;
}

/* The one place where the state changes, so that the counts are right. */
static void become(struct par_sdk__conv *c, enum par_sdk__filling filling)
{
    struct par_sdk *sdk = c->sdk;
    par_sdk__timer_stop(&c->fill_timer);
    par_list_remove(&c->fills);
    sdk->fill_count += (filling != PAR_SDK__FILL_NONE) - (c->filling != PAR_SDK__FILL_NONE);
    sdk->fill_asked += (filling == PAR_SDK__FILL_ASKED) - (c->filling == PAR_SDK__FILL_ASKED);
    c->filling = filling;
    if (filling == PAR_SDK__FILL_QUEUED)
        par_list_append(&sdk->fills, &c->fills);
}

static void wait(struct par_sdk__conv *c, int64_t ms)
{
    become(c, PAR_SDK__FILL_WAITING);
    par_sdk__timer_set(c->sdk, &c->fill_timer, ms);
}

/* Each wait is twice the one before. */
static void wait_longer(struct par_sdk__conv *c, int64_t at_least)
{
    int64_t ms = c->fill_wait;
    c->fill_wait = 2 * ms < AGAIN_MAX_MS ? 2 * ms : AGAIN_MAX_MS;
    wait(c, ms > at_least ? ms : at_least);
}

void par_sdk__fill(struct par_sdk__conv *c)
{
    if (!par_sdk__online(c->sdk) || c->view.last_seq <= c->view.hi)
        return;
    /* Nothing came of the last question, and now there is more to ask for. */
    bool news =
        c->filling == PAR_SDK__FILL_WAITING && c->fill_idle && c->view.last_seq > c->fill_last;
    if (c->filling != PAR_SDK__FILL_NONE && !news)
        return;
    c->fill_wait = AGAIN_MS;
    c->fill_idle = 0;
    if (c->view.last_seq - c->view.hi < SETTLE_BELOW)
        wait(c, SETTLE_MS);
    else
        become(c, PAR_SDK__FILL_QUEUED);
}

void par_sdk__fill_due(struct par_sdk *sdk, struct par_sdk__timer *timer)
{
    (void)sdk;
    become(PAR_CONTAINER(timer, struct par_sdk__conv, fill_timer), PAR_SDK__FILL_QUEUED);
}

void par_sdk__fill_stop(struct par_sdk__conv *c)
{
    become(c, PAR_SDK__FILL_NONE);
}

void par_sdk__fill_done(struct par_sdk__conv *c)
{
    if (c->view.hi >= c->view.last_seq && c->filling != PAR_SDK__FILL_ASKED)
        become(c, PAR_SDK__FILL_NONE);
}

void par_sdk__catchup_stop(struct par_sdk *sdk)
{
    sdk->sync.active = sdk->sync.again = false;
    par_sdk__timer_stop(&sdk->sync.timer);
    PAR_LIST_FOR_EACH (node, &sdk->convs) {
        struct par_sdk__conv *c = PAR_CONTAINER(node, struct par_sdk__conv, node);
        par_sdk__fill_stop(c);
        par_sdk__timer_stop(&c->members_timer);
        c->older_asked = false;
    }
}

static void ask(struct par_sdk__conv *c)
{
    struct par_sdk *sdk = c->sdk;
    struct par_json_out w;
    uint64_t hi = c->view.hi, last = c->view.last_seq;
    uint32_t most = sdk->settings.hole_max;
    struct par_sdk__request *r = par_sdk__request_begin(sdk, PAR_SDK__FILL, "history", &w);
    if (!r)
        return;
    r->conv = c;
    become(c, PAR_SDK__FILL_ASKED);
    c->fill_last = last;
    c->fill_newest = most && ((hi == 0 && !c->from_start) || last - hi > most);
    par_json_key_str(&w, "conv", c->view.id);
    if (!c->fill_newest)
        par_json_key_int(&w, "after_seq", (int64_t)hi);
    par_json_key_int(&w, "limit", page_size(sdk, c->fill_newest ? NEWEST : PAGE));
    par_sdk__request_end(sdk, &w);
}

void par_sdk__fill_pump(struct par_sdk *sdk)
{
    while (par_sdk__online(sdk) && sdk->fill_asked < PARALLEL && !par_list_empty(&sdk->fills)) {
        struct par_sdk__conv *c = PAR_CONTAINER(sdk->fills.next, struct par_sdk__conv, fills);
        if (c->view.last_seq <= c->view.hi)
            become(c, PAR_SDK__FILL_NONE);
        else
            ask(c);
    }
}

/* ---- answers ---- */

struct page {
    struct par_sdk_entry *entries;
    uint32_t n;
    uint64_t first_seq, last_seq;
};

/* Ascending, as the protocol has it; what is out of order is left out. */
static struct page read_page(const struct par_sdk__answer *a)
{
    struct par_json list, item;
    struct par_str conv;
    struct page p = {
        .first_seq = par_sdk__get_seq(a->ok, "first_seq"),
        .last_seq = par_sdk__get_seq(a->ok, "last_seq"),
    };
    uint32_t n = 0;
    if (!par_sdk__get_array(a->ok, "entries", &list))
        return p;
    for (struct par_json_iter it = par_json_iter(&list); par_json_next_item(&it, &item);)
        n++;
    p.entries = par_arena_alloc(a->arena, (n + 1) * sizeof *p.entries);
    if (!p.entries)
        return p;
    for (struct par_json_iter it = par_json_iter(&list); par_json_next_item(&it, &item);) {
        struct par_sdk_entry *e = &p.entries[p.n];
        if (par_sdk__entry_read(&item, a->arena, e, &conv) && (p.n == 0 || e->seq > e[-1].seq))
            p.n++;
    }
    return p;
}

static void learn_first(struct par_sdk__conv *c, const struct page *p)
{
    if (p->first_seq)
        c->view.first_seq = p->first_seq;
}

/* Where the range must begin anew, or 0: the hole is too large, or what lies in it is not for this
 * user, who was away while it was written. */
static uint64_t new_start(const struct par_sdk__conv *c, const struct page *p)
{
    uint64_t next = c->view.hi + 1;
    if (c->fill_newest && p->n && p->entries[0].seq > next)
        return p->entries[0].seq;
    if (!c->fill_newest && p->first_seq > next && p->first_seq <= p->last_seq)
        return p->first_seq;
    return 0;
}

static void take_page(struct par_sdk__conv *c, const struct par_sdk__answer *a)
{
    struct par_sdk_conv *v = &c->view;
    struct page p = read_page(a);
    uint64_t start = new_start(c, &p), before = start ? start - 1 : v->hi;
    learn_first(c, &p);
    if (start)
        par_sdk__restart_at(c, start);
    for (uint32_t i = 0; i < p.n; i++)
        par_sdk__offer(c, &p.entries[i], PAR_SDK_BY_HISTORY);
    par_sdk__conv_changed(c);
    if (v->member && p.last_seq > v->last_seq)
        v->last_seq = p.last_seq;
    if (v->hi >= v->last_seq || !par_sdk__online(c->sdk)) {
        par_sdk__fill_done(c);
    } else if (v->hi > before || start) {
        c->fill_wait = AGAIN_MS;
        c->fill_idle = 0;
        become(c, PAR_SDK__FILL_QUEUED);
    } else if (!v->member) {
        /* What came after one was taken out is not for this user. */
        v->last_seq = v->hi;
        par_sdk__drop_parked(c);
    } else {
        /* A row may be ahead of the log for a moment: events may bring it. */
        c->fill_idle++;
        wait_longer(c, 0);
    }
}

void par_sdk__fill_answer(struct par_sdk__conv *c, const struct par_sdk__answer *a)
{
    become(c, PAR_SDK__FILL_NONE);
    if (!par_sdk__online(c->sdk))
        return;
    if (a->ok) {
        take_page(c, a);
    } else if (a->retry) {
        wait_longer(c, a->retry_after_ms);
    } else {
        par_sdk__drop_parked(c);
        c->view.last_seq = c->view.hi;
        par_sdk__conv_dirty(c);
    }
}

/* ---- older pages ---- */

static bool at_start(const struct par_sdk_conv *v)
{
    return v->hi > 0 && v->lo <= v->first_seq;
}

bool par_sdk_older(struct par_sdk *sdk, int64_t now, struct par_str conv, uint32_t limit)
{
    struct par_sdk__conv *c = par_sdk__conv_find(sdk, conv);
    struct par_json_out w;
    if (!c || !par_sdk__online(sdk) || c->older_asked || at_start(&c->view) || c->from_start)
        return false;
    par_sdk__enter(sdk, now);
    struct par_sdk__request *r = par_sdk__request_begin(sdk, PAR_SDK__OLDER, "history", &w);
    if (r) {
        r->conv = c;
        c->older_asked = true;
        par_json_key_str(&w, "conv", c->view.id);
        if (c->view.hi)
            par_json_key_int(&w, "before_seq", (int64_t)c->view.lo);
        par_json_key_int(&w, "limit", page_size(sdk, limit ? limit : NEWEST));
        par_sdk__request_end(sdk, &w);
    }
    par_sdk__leave(sdk);
    return r != NULL;
}

void par_sdk__older_answer(struct par_sdk__conv *c, const struct par_sdk__answer *a)
{
    uint32_t came = 0;
    c->older_asked = false;
    if (a->ok) {
        struct page p = read_page(a);
        learn_first(c, &p);
        if (c->view.hi) {
            came = par_sdk__prepend(c, p.entries, p.n);
        } else {
            came = p.n;
            for (uint32_t i = 0; i < p.n; i++)
                par_sdk__offer(c, &p.entries[i], PAR_SDK_BY_OLDER);
        }
        par_sdk__conv_dirty(c);
    }
    if (c->sdk->ops->on_page)
        c->sdk->ops->on_page(c->sdk->arg, &c->view, came, at_start(&c->view));
}
