/* Who is who: users, devices, connections, conversations, seats and cmids, found or made. */
#include "check/check_private.h"

static bool user_is(const struct par_map_node *n, const void *key, size_t len)
{
    (void)len;
    return PAR_CONTAINER(n, struct par_ck_user, node)->id == *(const uint64_t *)key;
}

static bool conn_is(const struct par_map_node *n, const void *key, size_t len)
{
    (void)len;
    return PAR_CONTAINER(n, struct par_ck_conn, node)->id == *(const uint64_t *)key;
}

static bool device_is(const struct par_map_node *n, const void *key, size_t len)
{
    return par_str_eq(PAR_CONTAINER(n, struct par_ck_device, node)->name, par_str_of(key, len));
}

static bool conv_is(const struct par_map_node *n, const void *key, size_t len)
{
    return par_str_eq(PAR_CONTAINER(n, struct par_ck_conv, node)->id, par_str_of(key, len));
}

/* The key of a cmid: sender and conversation, then its bytes. */
struct cmid_key {
    uint64_t user;
    uint64_t conv;
    char cmid[64];
};

static size_t make_key(struct cmid_key *key, uint64_t user, const struct par_ck_conv *conv,
                       struct par_str cmid)
{
    key->user = user;
    key->conv = (uint64_t)(uintptr_t)conv;
    size_t n = cmid.len < sizeof key->cmid ? cmid.len : sizeof key->cmid;
    memcpy(key->cmid, cmid.ptr, n);
    return offsetof(struct cmid_key, cmid) + n;
}

static bool cmid_is(const struct par_map_node *n, const void *key, size_t len)
{
    const struct par_ck_cmid *m = PAR_CONTAINER(n, struct par_ck_cmid, node);
    struct cmid_key own;
    return make_key(&own, m->user, m->conv, m->cmid) == len && memcmp(&own, key, len) == 0;
}

void par_check__names_init(struct par_check *c)
{
    par_map_init(&c->users, c->seed, user_is);
    par_map_init(&c->devices, c->seed, device_is);
    par_map_init(&c->conns, c->seed, conn_is);
    par_map_init(&c->convs, c->seed, conv_is);
    par_map_init(&c->cmids, c->seed, cmid_is);
}

/* Keeps a pointer to what was made, so that all can be walked in the order of their making. */
static bool keep(struct par_check *c, struct par_ck_list *list, void *p)
{
    void **at = p ? par_check__push(c, list, sizeof *at) : NULL;
    if (at)
        *at = p;
    return at != NULL;
}

struct par_ck_user *par_check__user(struct par_check *c, uint64_t id)
{
    struct par_map_node *n = par_map_find_u64(&c->users, id);
    if (n)
        return PAR_CONTAINER(n, struct par_ck_user, node);
    struct par_ck_user *u = par_check__alloc(c, sizeof *u);
    if (!keep(c, &c->user_list, u))
        return NULL;
    u->id = id;
    c->no_memory |= !par_map_insert_u64(&c->users, &u->node, id);
    return u;
}

struct par_ck_device *par_check__device(struct par_check *c, struct par_str name, bool make)
{
    struct par_map_node *n = par_map_find(&c->devices, name);
    if (n)
        return PAR_CONTAINER(n, struct par_ck_device, node);
    struct par_ck_device *d = make ? par_check__alloc(c, sizeof *d) : NULL;
    if (!keep(c, &c->device_list, d))
        return NULL;
    d->name = name;
    c->no_memory |= !par_map_insert(&c->devices, &d->node, name);
    return d;
}

struct par_ck_conn *par_check__conn(struct par_check *c, uint64_t id, bool make)
{
    struct par_map_node *n = par_map_find_u64(&c->conns, id);
    if (n)
        return PAR_CONTAINER(n, struct par_ck_conn, node);
    struct par_ck_conn *conn = make ? par_check__alloc(c, sizeof *conn) : NULL;
    if (!keep(c, &c->conn_list, conn))
        return NULL;
    conn->id = id;
    conn->closed = PAR_CHECK_NEVER;
    c->no_memory |= !par_map_insert_u64(&c->conns, &conn->node, id);
    return conn;
}

/* The two users of an id "d.<smaller>.<larger>". */
static bool direct_users(struct par_str id, uint64_t *low_r, uint64_t *high_r)
{
    if (!par_str_starts(id, "d."))
        return false;
    struct par_str rest = par_str_of(id.ptr + 2, id.len - 2);
    const char *dot = rest.len ? memchr(rest.ptr, '.', rest.len) : NULL;
    if (!dot)
        return false;
    size_t n = (size_t)(dot - rest.ptr);
    return par_str_to_u64(par_str_of(rest.ptr, n), low_r) &&
           par_str_to_u64(par_str_of(dot + 1, rest.len - n - 1), high_r) && *low_r < *high_r;
}

struct par_ck_conv *par_check__conv(struct par_check *c, struct par_str id, bool make)
{
    struct par_map_node *n = par_map_find(&c->convs, id);
    if (n)
        return PAR_CONTAINER(n, struct par_ck_conv, node);
    struct par_ck_conv *conv = make ? par_check__alloc(c, sizeof *conv) : NULL;
    if (!keep(c, &c->conv_list, conv))
        return NULL;
    conv->id = par_arena_copy(&c->arena, id);
    conv->group = !direct_users(id, &conv->low, &conv->high);
    c->no_memory |= !conv->id.ptr || !par_map_insert(&c->convs, &conv->node, conv->id);
    if (!conv->group && !c->no_memory) {
        uint64_t sides[2] = {conv->low, conv->high};
        for (size_t i = 0; i < 2; i++) {
            struct par_ck_user *u = par_check__user(c, sides[i]);
            if (u)
                par_check__seat(c, conv, u, true);
        }
    }
    return conv;
}

struct par_ck_conv *par_check__direct(struct par_check *c, uint64_t a, uint64_t b)
{
    char id[48] = "d.";
    size_t n = 2 + par_u64_to_dec(a < b ? a : b, id + 2);
    id[n++] = '.';
    n += par_u64_to_dec(a < b ? b : a, id + n);
    return par_check__conv(c, par_str_of(id, n), true);
}

struct par_ck_seat *par_check__seat(struct par_check *c, struct par_ck_conv *conv,
                                    struct par_ck_user *user, bool make)
{
    struct par_ck_seat **at = &conv->seats;
    for (; *at; at = &(*at)->next_of_conv)
        if ((*at)->user == user)
            return *at;
    struct par_ck_seat *s = make ? par_check__alloc(c, sizeof *s) : NULL;
    if (!s)
        return NULL;
    s->user = user;
    s->conv = conv;
    *at = s;
    s->next_of_user = user->seats;
    user->seats = s;
    return s;
}

struct par_ck_cmid *par_check__cmid(struct par_check *c, uint64_t user,
                                    const struct par_ck_conv *conv, struct par_str cmid, bool make)
{
    struct cmid_key key;
    struct par_str bytes = par_str_of(&key, make_key(&key, user, conv, cmid));
    struct par_map_node *n = par_map_find(&c->cmids, bytes);
    if (n)
        return PAR_CONTAINER(n, struct par_ck_cmid, node);
    struct par_ck_cmid *m = make ? par_check__alloc(c, sizeof *m) : NULL;
    if (!m)
        return NULL;
    m->user = user;
    m->conv = conv;
    m->cmid = cmid;
    c->no_memory |= !par_map_insert(&c->cmids, &m->node, bytes);
    return m;
}
