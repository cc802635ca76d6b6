/* The marks of the members of small groups, whose mark events name one member each: the least of
 * the others is worked out here. In larger groups the server does that. */
#include "sdk/c/sdk_private.h"

/* Groups up to 50 tell marks by member; a few more may be there while the count is in motion. */
enum { FOLLOWED = 64, AGAIN_MS = 1000 };

void par_sdk__members_ask(struct par_sdk__conv *c)
{
    struct par_sdk *sdk = c->sdk;
    struct par_json_out w;
    if (c->members_asked) {
        c->members_stale = true;
        return;
    }
    c->members_stale = false;
    par_sdk__timer_stop(&c->members_timer);
    if (c->view.direct || !c->view.member || c->view.member_count > FOLLOWED ||
        !par_sdk__online(sdk)) {
        free(c->members);
        c->members = NULL;
        c->member_rows = 0;
        return;
    }
    struct par_sdk__request *r = par_sdk__request_begin(sdk, PAR_SDK__MEMBERS, "members", &w);
    if (!r)
        return;
    r->conv = c;
    c->members_asked = true;
    par_json_key_str(&w, "conv", c->view.id);
    par_json_key_int(&w, "limit", 2 * FOLLOWED);
    par_sdk__request_end(sdk, &w);
}

void par_sdk__members_due(struct par_sdk *sdk, struct par_sdk__timer *timer)
{
    (void)sdk;
    par_sdk__members_ask(PAR_CONTAINER(timer, struct par_sdk__conv, members_timer));
}

static struct par_sdk__member *find(const struct par_sdk__conv *c, uint64_t user)
{
    for (uint32_t i = 0; i < c->member_rows; i++) {
        if (c->members[i].user == user)
            return &c->members[i];
    }
    return NULL;
}

static void raise(struct par_sdk__member *m, uint64_t delivered, uint64_t read)
{
    if (read > m->read)
        m->read = read;
    if (delivered > m->delivered)
        m->delivered = delivered;
    if (m->read > m->delivered)
        m->delivered = m->read;
}

static void recount(struct par_sdk__conv *c)
{
    uint64_t delivered = UINT64_MAX, read = UINT64_MAX;
    for (uint32_t i = 0; i < c->member_rows; i++) {
        const struct par_sdk__member *m = &c->members[i];
        if (m->user == c->sdk->settings.user)
            continue;
        delivered = m->delivered < delivered ? m->delivered : delivered;
        read = m->read < read ? m->read : read;
    }
    if (delivered != UINT64_MAX)
        par_sdk__mark(c, 0, delivered, read);
}

void par_sdk__members_answer(struct par_sdk__conv *c, const struct par_sdk__answer *a)
{
    struct par_json list, row, user;
    c->members_asked = false;
    if (!a->ok && a->retry && par_sdk__online(c->sdk))
        par_sdk__timer_set(c->sdk, &c->members_timer,
                           a->retry_after_ms > AGAIN_MS ? a->retry_after_ms : AGAIN_MS);
    if (!a->ok || !par_sdk__get_array(a->ok, "members", &list))
        return;
    struct par_sdk__member *rows = calloc(2 * FOLLOWED, sizeof *rows);
    uint32_t n = 0;
    if (!rows) {
        par_sdk__break(c->sdk);
        return;
    }
    for (struct par_json_iter it = par_json_iter(&list);
         n < 2 * FOLLOWED && par_json_next_item(&it, &row);) {
        if (row.type != PAR_JSON_OBJECT || !par_json_get(&row, "user", &user))
            continue;
        struct par_sdk__member *m = &rows[n++];
        m->user = par_sdk__user(&user);
        raise(m, par_sdk__get_seq(&row, "delivered"), par_sdk__get_seq(&row, "read"));
        const struct par_sdk__member *had = find(c, m->user);
        if (had)
            raise(m, had->delivered, had->read);
    }
    free(c->members);
    c->members = rows;
    c->member_rows = n;
    recount(c);
    if (c->members_stale)
        par_sdk__members_ask(c);
}

void par_sdk__members_mark(struct par_sdk__conv *c, uint64_t user, uint64_t delivered,
                           uint64_t read)
{
    struct par_sdk__member *m = find(c, user);
    if (!m) {
        par_sdk__members_ask(c);
        return;
    }
    raise(m, delivered, read);
    if (c->sdk->ops->on_mark)
        c->sdk->ops->on_mark(c->sdk->arg, &c->view, user, m->delivered, m->read);
    recount(c);
}
