/* The payload of a push. */
#include "push/payload.h"

#include "base/json_write.h"
#include "push/encrypt.h"

/* Names are bounded by the protocol; one that is not, in a row of another version, must not push
 * the text out. */
enum { NAME_MAX_BYTES = 400 };

static const char ellipsis[] = "\xE2\x80\xA6";

/* The bytes of a character's JSON form at s[i]; *n_r: its own. */
static size_t encoded(struct par_str s, size_t i, size_t *n_r)
{
    uint8_t c = (uint8_t)s.ptr[i];
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    *n_r = i + n <= s.len ? n : s.len - i;
    return c < 0x20 ? 6 : c == '"' || c == '\\' ? 2 : *n_r;
}

/* The front of s whose JSON form takes at most `room` bytes, counted with an ellipsis if it is cut.
 */
static struct par_str cut(struct par_str s, size_t room, bool *cut_r)
{
    size_t used = 0, fits = 0, n;
    for (size_t i = 0; i < s.len; i += n) {
        used += encoded(s, i, &n);
        if (used + sizeof ellipsis - 1 <= room)
            fits = i + n;
    }
    *cut_r = used > room;
    return *cut_r ? par_str_of(s.ptr, fits) : s;
}

static void add_cut(struct par_buf *out, struct par_str s, size_t room)
{
    bool short_of;
    par_buf_add_str(out, cut(s, room, &short_of));
    if (short_of)
        par_buf_addz(out, ellipsis);
}

/* The line below the title. Who does not know our words sees these; the worker has its own. */
static void body_of(const struct par_push_note *note, size_t room, struct par_buf *body)
{
    par_buf_clear(body);
    if (note->reason == PAR_PUSH_ADDED) {
        par_buf_addz(body, "You were added to this group");
    } else if (note->reason == PAR_PUSH_TEST) {
        par_buf_addz(body, "Notifications work on this device");
    } else if (!note->text.ptr) {
        par_buf_addz(body, "New message");
    } else {
        struct par_buf line = {0};
        if (note->group.ptr) {
            add_cut(&line, note->sender, NAME_MAX_BYTES);
            par_buf_addz(&line, ": ");
        }
        par_buf_add_str(&line, note->text);
        add_cut(body, par_buf_str(&line), room);
        body->failed |= line.failed;
        par_buf_fini(&line);
    }
}

/* The kind of a note, in a word. */
static const char *kind_of(const struct par_push_note *note)
{
    return note->reason == PAR_PUSH_ADDED  ? "added"
           : note->reason == PAR_PUSH_TEST ? "test"
                                           : "text";
}

static void write_note(const struct par_push_note *note, struct par_str body, struct par_buf *out)
{
    struct par_json_out w = par_json_out(out);
    char conv[PAR_CONV_TEXT_MAX];
    bool test = note->reason == PAR_PUSH_TEST;
    struct par_str id = test ? PAR_STR("") : par_str_of(conv, par_conv_format(&note->conv, conv));
    struct par_buf text = {0};
    par_json_open(&w);
    par_json_key_int(&w, "web_push", 8030);
    par_json_key_int(&w, "app_badge", note->badge);
    par_json_key_bool(&w, "mutable", true);
    par_json_key(&w, "notification");
    par_json_open(&w);
    add_cut(&text, note->group.ptr ? note->group : note->sender, NAME_MAX_BYTES);
    par_json_key_str(&w, "title", text.len ? par_buf_str(&text) : PAR_STR("Parley"));
    par_json_key_str(&w, "body", body);
    par_json_key_str(&w, "tag", test ? PAR_STR("test") : id);
    par_json_key_int(&w, "timestamp", note->ts);
    par_buf_clear(&text);
    par_buf_printf(&text, "%s%s", note->url, test ? "/" : "/c/");
    /* As the page writes its addresses: with a dot it would be that of a file. */
    for (size_t i = 0; i < id.len; i++)
        par_buf_add_u8(&text, id.ptr[i] == '.' ? '-' : (uint8_t)id.ptr[i]);
    par_json_key_str(&w, "navigate", par_buf_str(&text));
    par_json_key(&w, "data");
    par_json_open(&w);
    par_json_key_str(&w, "conv", id);
    par_json_key_int(&w, "seq", (int64_t)note->seq);
    par_json_key_id(&w, "from", note->from);
    par_buf_clear(&text);
    add_cut(&text, note->sender, NAME_MAX_BYTES);
    par_json_key_str(&w, "sender", par_buf_str(&text));
    par_json_key_z(&w, "kind", kind_of(note));
    par_json_key_bool(&w, "shown", note->text.ptr != NULL);
    par_json_close(&w);
    par_json_close(&w);
    par_json_close(&w);
    out->failed |= text.failed;
    par_buf_fini(&text);
}

void par_push_payload(const struct par_push_note *note, struct par_buf *out)
{
    struct par_buf bare = {0}, body = {0};
    write_note(note, PAR_STR(""), &bare);
    size_t room = bare.len < PAR_PUSH_PLAIN_MAX ? PAR_PUSH_PLAIN_MAX - bare.len : 0;
    body_of(note, room, &body);
    write_note(note, par_buf_str(&body), out);
    out->failed |= bare.failed || body.failed;
    par_buf_fini(&bare);
    par_buf_fini(&body);
}
