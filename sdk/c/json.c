/* Reading what the server sent: nothing is taken on trust, and what is of the wrong type counts as
 * absent. */
#include "sdk/c/sdk_private.h"

int64_t par_sdk__int(const struct par_json *v, int64_t otherwise)
{
    int64_t n;
    return v->type == PAR_JSON_NUMBER && par_json_to_int(v, &n) ? n : otherwise;
}

uint64_t par_sdk__seq(const struct par_json *v)
{
    int64_t n = par_sdk__int(v, 0);
    return n > 0 ? (uint64_t)n : 0;
}

struct par_str par_sdk__text(const struct par_json *v, struct par_arena *arena)
{
    struct par_str s;
    if (v->type == PAR_JSON_STRING && par_json_text(v, arena, &s) == PAR_JSON_TEXT_OK)
        return s;
    return (struct par_str){0};
}

uint64_t par_sdk__user(const struct par_json *v)
{
    uint64_t id;
    /* Digits need no escape, so the text stands as it is. */
    if (v->type == PAR_JSON_STRING && par_str_to_u64(par_str_of(v->ptr, v->len), &id))
        return id;
    return 0;
}

int64_t par_sdk__get_int(const struct par_json *object, const char *name, int64_t otherwise)
{
    struct par_json v;
    return par_json_get(object, name, &v) ? par_sdk__int(&v, otherwise) : otherwise;
}

uint64_t par_sdk__get_seq(const struct par_json *object, const char *name)
{
    struct par_json v;
    return par_json_get(object, name, &v) ? par_sdk__seq(&v) : 0;
}

bool par_sdk__get_bool(const struct par_json *object, const char *name, bool otherwise)
{
    struct par_json v;
    if (!par_json_get(object, name, &v))
        return otherwise;
    return v.type == PAR_JSON_TRUE ? true : v.type == PAR_JSON_FALSE ? false : otherwise;
}

struct par_str par_sdk__get_text(const struct par_json *object, const char *name,
                                 struct par_arena *arena)
{
    struct par_json v;
    return par_json_get(object, name, &v) ? par_sdk__text(&v, arena) : (struct par_str){0};
}

bool par_sdk__get_object(const struct par_json *object, const char *name, struct par_json *v_r)
{
    return par_json_get(object, name, v_r) && v_r->type == PAR_JSON_OBJECT;
}

bool par_sdk__get_array(const struct par_json *object, const char *name, struct par_json *v_r)
{
    return par_json_get(object, name, v_r) && v_r->type == PAR_JSON_ARRAY;
}

enum par_err par_sdk__err_of(struct par_str code)
{
    for (int err = PAR_OK + 1; err < PAR_E_COUNT; err++) {
        if (par_str_is(code, par_err_code((enum par_err)err)))
            return (enum par_err)err;
    }
    return PAR_E_COUNT;
}
