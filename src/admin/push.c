/* push why: what became of the newest notifications of a user. */
#include "admin/admin_private.h"

#include "conv/read.h"
#include "loop/env.h"
#include "server/ledger.h"
#include "server/server.h"
#include "store/key.h"

#include <time.h>

enum { TIME_TEXT = 32, DEVICE_COLUMNS = 20, CONV_COLUMNS = 41 };

static const char *const ends[] = {
#define X(NAME, number, text) [number] = (text),
#include "parley/tbl/push_ends.h"
#undef X
};

/* A name, or the id where there is no such name. */
static int find(struct par_admin_call *call, struct par_user *user_r)
{
    struct par_accounts accounts = par_admin__accounts(call);
    struct par_str word = par_admin__word(call, 0);
    uint64_t id;
    enum par_err err = par_account_by_name(&accounts, word, user_r);
    if (err == PAR_E_NOT_FOUND && par_str_to_u64(word, &id))
        err = par_account_get(&accounts, id, user_r);
    if (err == PAR_E_NOT_FOUND)
        return par_admin__say(call, PAR_ADMIN_FAILED,
                              "there is no user of this name or id; see `parley admin user list`");
    return err ? par_admin__trouble(call, err, &accounts) : PAR_ADMIN_OK;
}

static int unreadable(struct par_admin_call *call)
{
    return par_admin__say(call, PAR_ADMIN_FAILED, "the store cannot be read");
}

/* In the time zone of this process. */
static const char *local(int64_t ms, const char *format, char text_r[TIME_TEXT])
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    if (!localtime_r(&s, &tm) || strftime(text_r, TIME_TEXT, format, &tm) == 0)
        text_r[0] = 0;
    return text_r;
}

/* ---- as it is now ---- */

static bool count_devices(struct par_admin_call *call, uint64_t user, unsigned *browsers_r,
                          unsigned *apps_r)
{
    struct par_key from = par_key_user(user), to = par_key_after(par_key_str(&from));
    struct par_store_row *rows;
    *browsers_r = *apps_r = 0;
    if (par_store_scan_in(call->store, PAR_T_PUSH_TOKENS, par_key_str(&from), par_key_str(&to), 0,
                          0, call->arena, &rows, NULL))
        return false;
    for (; rows; rows = rows->next) {
        struct par_push_token token;
        if (par_push_token_decode(rows->value, &token))
            ++*(token.kind == PAR_PUSH_WEBPUSH ? browsers_r : apps_r);
    }
    return true;
}

static void say_connected(struct par_admin_call *call, uint64_t user)
{
    struct par_reader reader = {.store = call->store, .arena = call->arena};
    struct par_route_hits hits = {0};
    struct par_server *server = call->server;
    int64_t seen;
    char text[TIME_TEXT];
    bool is = false;
    if (!server || (par_route_remote(server->route) &&
                    par_route_lookup(server->route, &user, 1, &hits) != PAR_OK)) {
        par_buf_printf(&call->out, "connected   not known: %s\n",
                       server ? "the routes cannot be read" : "no server is running here");
        return;
    }
    is = par_route_remote(server->route) ? hits.count > 0
                                         : par_directory_has(server->directory, user);
    par_route_hits_fini(&hits);
    if (is)
        par_buf_addz(&call->out, "connected   now: nothing is pushed\n");
    else if (par_read_last_seen(&reader, user, &seen) != PAR_OK || seen == 0)
        par_buf_addz(&call->out, "connected   no\n");
    else
        par_buf_printf(&call->out, "connected   no, last on line %s\n",
                       local(seen, "%Y-%m-%d %H:%M:%S", text));
}

/* ---- rows ---- */

/* Users choose the names of their devices: nothing in one may steer a terminal. At most so many
 * characters, filled up with blanks. */
static void add_name(struct par_buf *out, struct par_str name)
{
    size_t columns = 0;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = (uint8_t)name.ptr[i];
        bool control = c < 0x20 || c == 0x7F ||
                       (c == 0xC2 && i + 1 < name.len && (uint8_t)name.ptr[i + 1] < 0xA0);
        columns += (c & 0xC0) != 0x80;
        if (columns > DEVICE_COLUMNS) {
            columns--;
            break;
        }
        par_buf_add_u8(out, control ? '?' : c);
        /* The second byte of a control character. */
        i += control && c == 0xC2;
    }
    par_buf_printf(out, "%*s", (int)(DEVICE_COLUMNS - columns), "");
}

static bool add_device(struct par_admin_call *call, uint64_t user,
                       const struct par_push_ledger *row)
{
    struct par_key key = par_key_user_id(user, row->device);
    struct par_str value = {0}, name = PAR_STR("-");
    struct par_device device;
    if (row->device &&
        par_store_get_in(call->store, PAR_T_DEVICES, par_key_str(&key), call->arena, &value) < 0)
        return false;
    if (value.ptr && par_device_decode(value, &device) && device.name.len)
        name = device.name;
    else if (row->device)
        name = value.ptr ? PAR_STR("without a name") : PAR_STR("signed out");
    add_name(&call->out, name);
    return true;
}

static void add_conv(struct par_buf *out, const struct par_push_ledger *row)
{
    struct par_conv conv = {0};
    char text[PAR_CONV_TEXT_MAX];
    if (row->conv.len == sizeof conv)
        memcpy(&conv, row->conv.ptr, sizeof conv);
    size_t n = par_conv_format(&conv, text);
    struct par_str name = n                              ? par_str_of(text, n)
                          : row->reason == PAR_PUSH_TEST ? PAR_STR("a test")
                                                         : PAR_STR("?");
    par_buf_printf(out, "%-*.*s %7llu  ", CONV_COLUMNS, PAR_STR_ARGS(name),
                   (unsigned long long)row->seq);
}

static void add_end(struct par_buf *out, const struct par_push_ledger *row)
{
    bool known = row->end && row->end < sizeof ends / sizeof ends[0] && ends[row->end];
    char text[TIME_TEXT];
    par_buf_addz(out, known ? ends[row->end] : "noted by another version of the program");
    if (row->service.len)
        par_buf_printf(out, "; %.*s", PAR_STR_ARGS(row->service));
    if (row->tries && row->status)
        par_buf_printf(out, " answered %u", row->status);
    else if (row->tries)
        par_buf_addz(out, " did not answer");
    if (row->tries > 1)
        par_buf_printf(out, ", %u tries", row->tries);
    if (row->tries > 1 || row->at - par_ledger_time(row->id) > 1000)
        par_buf_printf(out, ", until %s", local(row->at, "%H:%M:%S", text));
    par_buf_add_u8(out, '\n');
}

static bool add_rows(struct par_admin_call *call, uint64_t user, const struct par_push_ledger *rows,
                     size_t count)
{
    struct par_buf *out = &call->out;
    char text[TIME_TEXT];
    par_buf_printf(out, "%-19s  %-*s %7s  %-*s what became of it\n", "time", CONV_COLUMNS,
                   "conversation", "seq", DEVICE_COLUMNS, "device");
    for (size_t i = 0; i < count; i++) {
        par_buf_printf(out, "%-19s  ",
                       local(par_ledger_time(rows[i].id), "%Y-%m-%d %H:%M:%S", text));
        add_conv(out, &rows[i]);
        if (!add_device(call, user, &rows[i]))
            return false;
        par_buf_add_u8(out, ' ');
        add_end(out, &rows[i]);
    }
    par_buf_add_u8(out, '\n');
    return true;
}

int par_admin__push_why(struct par_admin_call *call)
{
    struct par_buf *out = &call->out;
    struct par_user user;
    struct par_push_ledger *rows;
    unsigned browsers, apps;
    size_t count;
    int code = find(call, &user);
    if (code)
        return code;
    if (!count_devices(call, user.id, &browsers, &apps) ||
        par_ledger_read(call->store, user.id, par_wall_ms(), call->arena, &rows, &count))
        return unreadable(call);
    par_buf_printf(out, "user        %.*s, %llu%s\n", PAR_STR_ARGS(user.name),
                   (unsigned long long)user.id, user.disabled ? ", disabled" : "");
    par_buf_printf(out, "browsers    %u%s\n", browsers,
                   browsers ? "" : ": no device has asked for notifications");
    if (apps)
        par_buf_printf(out, "apps        %u, to which this version sends nothing\n", apps);
    if (!call->config->push_webpush.enabled)
        par_buf_addz(out, "push        switched off (push.webpush.enabled)\n");
    say_connected(call, user.id);
    par_buf_add_u8(out, '\n');
    if (count && !add_rows(call, user.id, rows, count))
        return unreadable(call);
    if (!count)
        par_buf_printf(out, "No notification in the last %d days.\n", PAR_LEDGER_DAYS);
    if (!browsers)
        par_buf_addz(out, "Notifications are switched on in the settings of the page, on each "
                          "device.\n");
    par_buf_addz(out, "A message that came while a device was connected went there and has no "
                      "row.\n");
    return PAR_ADMIN_OK;
}
