/* The comparison with jansson, for the fuzzer and for a unit test. */
#include "json_oracle.h"

#include "base/json_read.h"

#include <jansson.h>

struct walk {
    struct par_arena arena;
    const char *difference;
    int depth;
    int odd; /* values that jansson refuses and the reader leaves to those who use them */
};

static int text_of(struct walk *w, const struct par_json *v, struct par_str *text_r)
{
    if (par_json_text(v, &w->arena, text_r) == PAR_JSON_TEXT_OK)
        return 1;
    w->odd++;
    return 0;
}

/* Only counts what is odd. */
static void look(struct walk *w, const struct par_json *v)
{
    struct par_json_iter it = par_json_iter(v);
    struct par_json_member m;
    struct par_json item;
    struct par_str text;
    int64_t n;
    switch (v->type) {
    case PAR_JSON_STRING:
        text_of(w, v, &text);
        break;
    case PAR_JSON_NUMBER:
        w->odd += !par_json_to_int(v, &n);
        break;
    case PAR_JSON_ARRAY:
        while (par_json_next_item(&it, &item))
            look(w, &item);
        break;
    case PAR_JSON_OBJECT:
        while (par_json_next_member(&it, &m)) {
            look(w, &m.name);
            look(w, &m.value);
        }
        break;
    default:
        break;
    }
}

static void differ(struct walk *w, const char *what)
{
    if (!w->difference)
        w->difference = what;
}

static void compare(struct walk *w, const struct par_json *v, json_t *j);

static void compare_array(struct walk *w, const struct par_json *v, json_t *j)
{
    struct par_json_iter it = par_json_iter(v);
    struct par_json item;
    size_t i = 0;
    if (!json_is_array(j)) {
        differ(w, "array");
        return;
    }
    while (par_json_next_item(&it, &item)) {
        json_t *other = json_array_get(j, i++);
        if (!other) {
            differ(w, "more items");
            return;
        }
        compare(w, &item, other);
    }
    if (i != json_array_size(j))
        differ(w, "fewer items");
}

static void compare_object(struct walk *w, const struct par_json *v, json_t *j)
{
    struct par_json_iter it = par_json_iter(v);
    struct par_json_member m;
    struct par_str name;
    size_t n = 0;
    if (!json_is_object(j)) {
        differ(w, "object");
        return;
    }
    for (; par_json_next_member(&it, &m); n++) {
        if (!text_of(w, &m.name, &name))
            return;
        json_t *other = json_object_getn(j, name.ptr, name.len);
        if (!other) {
            differ(w, "a member that jansson has not");
            return;
        }
        compare(w, &m.value, other);
    }
    if (n != json_object_size(j))
        differ(w, "number of members");
}

static void compare(struct walk *w, const struct par_json *v, json_t *j)
{
    struct par_str text;
    int64_t n;
    switch (v->type) {
    case PAR_JSON_NULL:
        if (!json_is_null(j))
            differ(w, "null");
        break;
    case PAR_JSON_TRUE:
        if (!json_is_true(j))
            differ(w, "true");
        break;
    case PAR_JSON_FALSE:
        if (!json_is_false(j))
            differ(w, "false");
        break;
    case PAR_JSON_NUMBER:
        if (par_json_to_int(v, &n)) {
            if (!json_is_integer(j) || json_integer_value(j) != n)
                differ(w, "integer");
        } else if (!json_is_real(j)) {
            differ(w, "real");
        }
        break;
    case PAR_JSON_STRING:
        if (!json_is_string(j))
            differ(w, "string");
        else if (text_of(w, v, &text) &&
                 !par_str_eq(text, par_str_of(json_string_value(j), json_string_length(j))))
            differ(w, "text");
        break;
    case PAR_JSON_ARRAY:
        compare_array(w, v, j);
        break;
    case PAR_JSON_OBJECT:
        compare_object(w, v, j);
        break;
    default:
        differ(w, "no type");
    }
}

static void check_found(struct walk *w, const struct par_json *object,
                        const struct par_json_found *found)
{
    struct par_json_iter it = par_json_iter(object), rest = par_json_iter_rest(object, found);
    struct par_json_member m, r;
    size_t i = 0;
    while (par_json_next_member(&it, &m)) {
        const struct par_json_member *f = &r;
        if (i < found->count)
            f = &found->members[i];
        else if (!par_json_next_member(&rest, &r))
            differ(w, "found too few");
        if (f->name.ptr != m.name.ptr || f->name.len != m.name.len ||
            f->name.escaped != m.name.escaped || f->value.ptr != m.value.ptr ||
            f->value.len != m.value.len || f->value.type != m.value.type ||
            f->value.escaped != m.value.escaped)
            differ(w, "found another member");
        i++;
    }
    if (par_json_next_member(&rest, &r))
        differ(w, "found too many");
}

const char *json_oracle(const uint8_t *data, size_t size)
{
    struct walk w = {0};
    struct par_str text = par_str_of(data, size);
    struct par_json object;
    struct par_json_found found;
    if (size == 0 || size > 1 << 20 || !par_utf8_check(text, NULL))
        return NULL;
    enum par_json_fault fault =
        par_json_check_found(text, PAR_JSON_DEPTH_MAX, &w.arena, &object, &found);
    /* No JSON text holds a zero byte, but jansson drops one that stands behind a number. */
    if (memchr(data, 0, size)) {
        par_arena_fini(&w.arena);
        return fault == PAR_JSON_FINE ? "accepted a zero byte" : NULL;
    }
    json_t *j = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    if (fault == PAR_JSON_FINE) {
        look(&w, &object);
        check_found(&w, &object, &found);
        if (j)
            compare(&w, &object, j);
        else if (w.odd == 0)
            differ(&w, "accepted what jansson refuses");
    } else if (fault == PAR_JSON_NOT_OBJECT) {
        if (j && json_is_object(j))
            differ(&w, "took an object for none");
    } else if (fault != PAR_JSON_DEPTH && j) {
        differ(&w, "refused what jansson accepts");
    }
    json_decref(j);
    par_arena_fini(&w.arena);
    return w.difference;
}
