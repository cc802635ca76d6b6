/* Verify: what points at conversations and users from elsewhere. */
#include "store/verify_private.h"

#include <inttypes.h>

/* Pages of a table with the rows that they point at: `keys` are filled by one pass over the rows of
 * a page, then read at once. */
struct looked_up {
    size_t n;
    struct par_key bytes[2 * PAR_VERIFY_PAGE];
    struct par_store_key keys[2 * PAR_VERIFY_PAGE];
    struct par_str values[2 * PAR_VERIFY_PAGE];
    const struct par_store_row *rows[2 * PAR_VERIFY_PAGE];
    struct par_arena arena;
};

static void add(struct looked_up *l, const struct par_store_row *row, enum par_table table,
                struct par_key key)
{
    l->bytes[l->n] = key;
    l->keys[l->n] = (struct par_store_key){table, par_key_str(&l->bytes[l->n])};
    l->rows[l->n++] = row;
}

static bool look_up(struct par_verify *v, struct looked_up *l)
{
    if (par_store_multi_get(v->store, l->n, l->keys, &l->arena, l->values) == PAR_OK)
        return true;
    v->err = PAR_E_UNAVAILABLE;
    return false;
}

/* Walks a table: `collect` adds keys for each row (or reports it), `check` sees key, row and value.
 */
static void walk(struct par_verify *v, enum par_table table,
                 void (*collect)(struct par_verify *, struct looked_up *,
                                 const struct par_store_row *),
                 void (*check)(struct par_verify *, const struct looked_up *, size_t))
{
    static _Thread_local struct looked_up l;
    struct par_pages p = par_pages_prefix(v->store, table, (struct par_str){0}, PAR_VERIFY_PAGE);
    while (v->err == PAR_OK && par_pages_next(&p)) {
        l.n = 0;
        for (const struct par_store_row *row = p.rows; row != NULL; row = row->next)
            collect(v, &l, row);
        if (look_up(v, &l))
            for (size_t i = 0; i < l.n; i++)
                check(v, &l, i);
        par_arena_fini(&l.arena);
    }
    if (p.err != PAR_OK)
        v->err = p.err;
    par_pages_fini(&p);
}

/* ---- cmids ---- */

static void collect_cmid(struct par_verify *v, struct looked_up *l, const struct par_store_row *row)
{
    struct par_conv conv;
    struct par_cmid c;
    uint64_t sender;
    struct par_str cmid;
    v->counts.cmids++;
    if (!par_key_parse_cmid(row->key, &conv, &sender, &cmid) || !par_cmid_decode(row->value, &c))
        par_verify__row(v, PAR_T_CMIDS, row->key, "the row cannot be read");
    else
        add(l, row, PAR_T_ENTRIES, par_key_entry(&conv, c.seq));
}

static void check_cmid(struct par_verify *v, const struct looked_up *l, size_t i)
{
    struct par_conv conv = {0};
    struct par_cmid c;
    struct par_entry e = {0};
    uint64_t sender = 0, seq;
    struct par_str cmid = {0}, entry_key = l->keys[i].key;
    if (!par_key_parse_cmid(l->rows[i]->key, &conv, &sender, &cmid) ||
        !par_cmid_decode(l->rows[i]->value, &c) || !par_key_parse_entry(entry_key, &conv, &seq))
        return;
    if (par_verify__unfinished(v, &conv, c.stamp))
        return;
    if (l->values[i].ptr == NULL)
        par_verify__violation(
            v, &conv, "a cmid of user %" PRIu64 " points at entry %" PRIu64 ", which is missing",
            sender, seq);
    else if (!par_entry_decode(l->values[i], &e) ||
             (e.kind != PAR_ENTRY_VOID && (e.sender != sender || !par_str_eq(e.cmid, cmid))))
        par_verify__violation(
            v, &conv, "entry %" PRIu64 " is not the one that a cmid of user %" PRIu64 " points at",
            seq, sender);
}

void par_verify__cmids(struct par_verify *v)
{
    walk(v, PAR_T_CMIDS, collect_cmid, check_cmid);
}

/* ---- Lists of conversations ---- */

static void collect_user_conv(struct par_verify *v, struct looked_up *l,
                              const struct par_store_row *row)
{
    struct par_conv conv;
    struct par_user_conv u;
    uint64_t user;
    v->counts.rows++;
    if (!par_key_parse_user_conv(row->key, &user, &conv) || !par_user_conv_decode(row->value, &u)) {
        par_verify__row(v, PAR_T_USER_CONVS, row->key, "the row cannot be read");
        return;
    }
    add(l, row, PAR_T_CONVERSATIONS, par_key_conv(&conv));
    if (conv.kind == PAR_CONV_GROUP)
        add(l, row, PAR_T_ROSTERS, par_key_conv(&conv));
}

static void check_user_conv(struct par_verify *v, const struct looked_up *l, size_t i)
{
    struct par_conv conv = {0};
    struct par_user_conv u = {0};
    struct par_conversation c;
    struct par_roster roster;
    struct par_member m;
    uint64_t user = 0;
    struct par_str value = l->values[i];
    if (!par_key_parse_user_conv(l->rows[i]->key, &user, &conv) ||
        !par_user_conv_decode(l->rows[i]->value, &u))
        return;
    if (par_verify__unfinished(v, &conv, u.stamp))
        return;
    if (l->keys[i].table == PAR_T_ROSTERS) {
        bool readable = value.ptr != NULL && par_roster_decode(value, &roster);
        bool in = readable && par_roster_find(&roster.now, user, &m);
        if (readable && par_verify__unfinished(v, &conv, roster.now.stamp))
            return;
        if (in != (u.left_seq == 0))
            par_verify__violation(v, &conv, "user %" PRIu64 " is %s the roster and %s in the list",
                                  user, in ? "in" : "not in",
                                  u.left_seq == 0 ? "a member" : "gone");
        return;
    }
    /* Settings of a direct conversation may be older than its first entry. */
    if (value.ptr == NULL && conv.kind == PAR_CONV_DIRECT && u.joined_seq == 0)
        return;
    if (value.ptr == NULL) {
        par_verify__violation(v, &conv, "user %" PRIu64 " has it in the list, it does not exist",
                              user);
        return;
    }
    if (!par_conversation_decode(value, &c))
        return;
    if (u.joined_seq > c.last_seq || u.left_seq > c.last_seq)
        par_verify__violation(v, &conv,
                              "user %" PRIu64 " joined %" PRIu64 ", left %" PRIu64
                              ", above last_seq %" PRIu64,
                              user, u.joined_seq, u.left_seq, c.last_seq);
    if (conv.kind == PAR_CONV_DIRECT && par_conv_other(&conv, user) == 0)
        par_verify__violation(v, &conv, "user %" PRIu64 " has it in the list and is not in it",
                              user);
}

void par_verify__user_convs(struct par_verify *v)
{
    walk(v, PAR_T_USER_CONVS, collect_user_conv, check_user_conv);
}

/* ---- Accounts ---- */

static void collect_user(struct par_verify *v, struct looked_up *l, const struct par_store_row *row)
{
    struct par_user u;
    uint64_t id;
    v->counts.users++;
    if (!par_key_parse_user(row->key, &id) || !par_user_decode(row->value, &u) ||
        u.name.len > PAR_KEY_MAX)
        par_verify__row(v, PAR_T_USERS, row->key, "the row cannot be read");
    else if (!u.deleted && u.name.len > 0)
        add(l, row, PAR_T_NAMES, par_key_text(u.name));
}

static void check_user(struct par_verify *v, const struct looked_up *l, size_t i)
{
    struct par_name name = {0};
    uint64_t id;
    if (!par_key_parse_user(l->rows[i]->key, &id))
        return;
    if (l->values[i].ptr == NULL || !par_name_decode(l->values[i], &name) || name.user != id)
        par_verify__row(v, PAR_T_USERS, l->rows[i]->key, "its name belongs to user %" PRIu64,
                        name.user);
}

static void collect_token(struct par_verify *v, struct looked_up *l,
                          const struct par_store_row *row)
{
    struct par_token t;
    v->counts.rows++;
    if (row->key.len != PAR_KEY_HASH || !par_token_decode(row->value, &t))
        par_verify__row(v, PAR_T_TOKENS, row->key, "the row cannot be read");
    else
        add(l, row, PAR_T_DEVICES, par_key_user_id(t.user, t.device));
}

static void check_token(struct par_verify *v, const struct looked_up *l, size_t i)
{
    struct par_device d;
    if (l->values[i].ptr == NULL || !par_device_decode(l->values[i], &d) ||
        !par_str_eq(d.token_hash, l->rows[i]->key))
        par_verify__row(v, PAR_T_TOKENS, l->rows[i]->key, "its device has another token, or none");
}

/* A table whose rows only have to be readable. */
struct readable {
    enum par_table table;
    bool (*reads)(struct par_str value);
};

#define READS(name)                                                                                \
    static bool reads_##name(struct par_str value)                                                 \
    {                                                                                              \
        struct par_##name record;                                                                  \
        return par_##name##_decode(value, &record);                                                \
    }
READS(name)
READS(device)
READS(contact)
READS(block)
READS(push_token)
READS(api_key)
READS(invite)
#undef READS

static void readable(struct par_verify *v, const struct readable *check)
{
    enum par_table table = check->table;
    struct par_pages p = par_pages_prefix(v->store, table, (struct par_str){0}, PAR_VERIFY_PAGE);
    while (v->err == PAR_OK && par_pages_next(&p)) {
        for (const struct par_store_row *row = p.rows; row != NULL; row = row->next) {
            v->counts.rows++;
            v->counts.devices += table == PAR_T_DEVICES;
            if (!check->reads(row->value))
                par_verify__row(v, table, row->key, "the row cannot be read");
        }
    }
    if (p.err != PAR_OK)
        v->err = p.err;
    par_pages_fini(&p);
}

void par_verify__accounts(struct par_verify *v)
{
    static const struct readable checks[] = {
        {PAR_T_NAMES, reads_name},
        {PAR_T_DEVICES, reads_device},
        {PAR_T_CONTACTS, reads_contact},
        {PAR_T_BLOCKS, reads_block},
        {PAR_T_PUSH_TOKENS, reads_push_token},
        {PAR_T_API_KEYS, reads_api_key},
        {PAR_T_INVITES, reads_invite},
    };
    walk(v, PAR_T_USERS, collect_user, check_user);
    if (v->err == PAR_OK)
        walk(v, PAR_T_TOKENS, collect_token, check_token);
    for (size_t i = 0; i < sizeof checks / sizeof *checks && v->err == PAR_OK; i++)
        readable(v, &checks[i]);
}
