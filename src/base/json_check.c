/* Checks a JSON text in one pass: grammar, depth, and names that stand twice in an object. */
#include "base/json_read.h"
#include "base/json_scan.h"

#include <stdatomic.h>

enum {
    NAMES_INLINE = 48, /* as many pending names as fit without memory from the arena */
    PAIRWISE_MAX = 12  /* objects up to this size are compared name by name */
};

/* A name of an object that is not closed yet. `head` holds its first bytes, which settle most
 * comparisons. */
struct name {
    const char *ptr;
    uint64_t head;
    uint32_t len;
};

struct level {
    uint32_t first_name; /* in names[], of an object */
    bool is_object;
};

struct check {
    const char *pos;
    const char *end;
    struct par_arena *arena;
    struct par_json_found *found; /* NULL: nobody asks */
    struct name *names;
    uint32_t name_count;
    uint32_t name_room;
    struct name inline_names[NAMES_INLINE];
    struct level levels[PAR_JSON_DEPTH_MAX];
};

/* Set once: a check that is under way on another thread must not see it change. */
static uint64_t hash_seed = 0x9E3779B97F4A7C15u;
static _Atomic bool seeded;

void par_json_seed(uint64_t seed)
{
    if (!atomic_exchange(&seeded, true))
        hash_seed = seed;
}

static uint64_t head_of(const char *p, size_t len, const char *end)
{
    uint64_t head = 0;
    if (end - p >= 8) {
        memcpy(&head, p, 8);
        if (len < 8)
            head &= ((uint64_t)1 << (8 * len)) - 1;
    } else {
        memcpy(&head, p, len < 8 ? len : 8);
    }
    return head;
}

static inline bool same_name(const struct name *a, const struct name *b)
{
    return a->head == b->head && a->len == b->len &&
           (a->len <= 8 || memcmp(a->ptr + 8, b->ptr + 8, a->len - 8) == 0);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t par_json_hash(struct par_str s)
{
    uint64_t h = hash_seed ^ s.len;
    const char *p = s.ptr;
    size_t left = s.len;
    uint64_t v;
    for (; left > 8; p += 8, left -= 8) {
        memcpy(&v, p, 8);
        h = mix(h ^ v, 0xA0761D6478BD642Fu ^ hash_seed);
    }
    v = 0;
    if (left)
        memcpy(&v, p, left);
    return mix(h ^ v, 0xE7037ED1A0B428DBu ^ hash_seed);
}

static int compare_names(const struct name *a, const struct name *b)
{
    return par_str_cmp(par_str_of(a->ptr, a->len), par_str_of(b->ptr, b->len));
}

static void sift_down(struct name *v, size_t root, size_t n)
{
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && compare_names(&v[child], &v[child + 1]) < 0)
            child++;
        if (compare_names(&v[root], &v[child]) >= 0)
            return;
        struct name t = v[root];
        v[root] = v[child];
        v[child] = t;
    }
}

/* The certain way, for when the hash does not spread: a heap sort, then a look at neighbours. */
static enum par_json_fault distinct_by_sort(struct name *v, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(v, i, n);
    for (size_t i = n; i-- > 1;) {
        struct name t = v[0];
        v[0] = v[i];
        v[i] = t;
        sift_down(v, 0, i);
    }
    for (size_t i = 1; i < n; i++) {
        if (compare_names(&v[i - 1], &v[i]) == 0)
            return PAR_JSON_DUPLICATE;
    }
    return PAR_JSON_FINE;
}

static enum par_json_fault distinct_by_hash(struct check *c, struct name *v, size_t n)
{
    size_t slots = 32;
    while (slots < 2 * n)
        slots *= 2;
    uint32_t *table = par_arena_zalloc(c->arena, slots * sizeof *table);
    if (!table)
        return PAR_JSON_NO_MEMORY;
    size_t probes = 8 * n;
    for (size_t i = 0; i < n; i++) {
        size_t at = par_json_hash(par_str_of(v[i].ptr, v[i].len)) & (slots - 1);
        for (; table[at]; at = (at + 1) & (slots - 1)) {
            if (same_name(&v[table[at] - 1], &v[i]))
                return PAR_JSON_DUPLICATE;
            if (probes-- == 0)
                return distinct_by_sort(v, n);
        }
        table[at] = (uint32_t)i + 1;
    }
    return PAR_JSON_FINE;
}

/* Looks through the names of the object that closes, and forgets them. */
static enum par_json_fault close_object(struct check *c, uint32_t first)
{
    struct name *v = c->names + first;
    size_t n = c->name_count - first;
    c->name_count = first;
    if (n > PAIRWISE_MAX)
        return distinct_by_hash(c, v, n);
    for (size_t i = 1; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (same_name(&v[i], &v[k]))
                return PAR_JSON_DUPLICATE;
        }
    }
    return PAR_JSON_FINE;
}

static enum par_json_fault add_name(struct check *c, const char *p, size_t len, bool escaped)
{
    const char *end = c->end;
    if (c->name_count == c->name_room) {
        struct name *more = par_arena_alloc(c->arena, 2 * (size_t)c->name_room * sizeof *more);
        if (!more)
            return PAR_JSON_NO_MEMORY;
        memcpy(more, c->names, c->name_count * sizeof *more);
        c->names = more;
        c->name_room *= 2;
    }
    if (escaped) {
        char *plain = par_arena_alloc(c->arena, len);
        bool is_text;
        if (!plain)
            return PAR_JSON_NO_MEMORY;
        len = par_json__unescape(p, len, plain, &is_text);
        p = plain;
        end = plain + len;
    }
    c->names[c->name_count++] = (struct name){p, head_of(p, len, end), (uint32_t)len};
    return PAR_JSON_FINE;
}

/* From behind the opening quote to behind the closing one. */
static bool scan_string(struct check *c, bool *escaped_r)
{
    const char *p = c->pos, *end = c->end;
    *escaped_r = false;
    for (;;) {
        p = par_json__string_stop(p, end);
        if (p == end || (uint8_t)*p < 0x20)
            return false;
        if (*p == '"') {
            c->pos = p + 1;
            return true;
        }
        *escaped_r = true;
        if (end - p < 2)
            return false;
        switch (p[1]) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            p += 2;
            break;
        case 'u':
            if (end - p < 6)
                return false;
            for (int i = 2; i < 6; i++) {
                if (par_json__hex(p[i]) < 0)
                    return false;
            }
            p += 6;
            break;
        default:
            return false;
        }
    }
}

static bool scan_digits(struct check *c)
{
    const char *from = c->pos;
    while (c->pos < c->end && par_json__is_digit(*c->pos))
        c->pos++;
    return c->pos > from;
}

static bool scan_number(struct check *c)
{
    if (*c->pos == '-')
        c->pos++;
    if (c->pos < c->end && *c->pos == '0')
        c->pos++;
    else if (!scan_digits(c))
        return false;
    if (c->pos < c->end && *c->pos == '.') {
        c->pos++;
        if (!scan_digits(c))
            return false;
    }
    if (c->pos < c->end && (*c->pos == 'e' || *c->pos == 'E')) {
        c->pos++;
        if (c->pos < c->end && (*c->pos == '+' || *c->pos == '-'))
            c->pos++;
        if (!scan_digits(c))
            return false;
    }
    return true;
}

static bool scan_word(struct check *c, const char *word, size_t n)
{
    if ((size_t)(c->end - c->pos) < n || memcmp(c->pos, word, n) != 0)
        return false;
    c->pos += n;
    return true;
}

/* Any value that is not a container. */
static bool scan_plain(struct check *c, struct par_json *v)
{
    bool ok, escaped = false;
    v->ptr = c->pos;
    switch (*c->pos) {
    case '"':
        v->type = PAR_JSON_STRING;
        v->ptr = ++c->pos;
        ok = scan_string(c, &escaped);
        v->len = (uint32_t)(c->pos - v->ptr) - 1;
        v->escaped = escaped;
        return ok;
    case 't':
        v->type = PAR_JSON_TRUE;
        ok = scan_word(c, "true", 4);
        break;
    case 'f':
        v->type = PAR_JSON_FALSE;
        ok = scan_word(c, "false", 5);
        break;
    case 'n':
        v->type = PAR_JSON_NULL;
        ok = scan_word(c, "null", 4);
        break;
    default:
        v->type = PAR_JSON_NUMBER;
        ok = (*c->pos == '-' || par_json__is_digit(*c->pos)) && scan_number(c);
    }
    v->len = (uint32_t)(c->pos - v->ptr);
    v->escaped = false;
    return ok;
}

/* From the quote of a name to behind the colon. */
static enum par_json_fault scan_name(struct check *c, struct par_json *name)
{
    if (c->pos == c->end || *c->pos != '"' || !scan_plain(c, name))
        return PAR_JSON_SYNTAX;
    enum par_json_fault fault = add_name(c, name->ptr, name->len, name->escaped);
    if (fault)
        return fault;
    c->pos = par_json__skip_blanks(c->pos, c->end);
    if (c->pos == c->end || *c->pos != ':')
        return PAR_JSON_SYNTAX;
    c->pos++;
    return PAR_JSON_FINE;
}

/* Keeps a member of the outer object, now that its value ends. */
static void keep_found(struct check *c, const struct par_json *name, const struct par_json *value)
{
    if (!c->found || c->found->more)
        return;
    if (c->found->count == PAR_JSON_FOUND)
        c->found->more = true;
    else
        c->found->members[c->found->count++] = (struct par_json_member){*name, *value};
}

/* The outer container and all in it, without recursion: `depth` is how many are open. */
static enum par_json_fault scan_document(struct check *c, unsigned max_depth)
{
    unsigned depth = 0;
    enum par_json_fault fault;
    struct par_json name = {0}, value;  /* of the innermost level */
    struct par_json_member outer = {0}; /* the outer object's member that is being read */
    bool first = false; /* right behind an opening bracket: a closing one may follow */
    for (;;) {
        /* A value, or its container's end. */
        c->pos = par_json__skip_blanks(c->pos, c->end);
        if (c->pos == c->end)
            return PAR_JSON_SYNTAX;
        char closes = depth && c->levels[depth - 1].is_object ? '}' : ']';
        if (!first || *c->pos != closes) {
            if (depth && c->levels[depth - 1].is_object) {
                if ((fault = scan_name(c, &name)))
                    return fault;
                c->pos = par_json__skip_blanks(c->pos, c->end);
                if (c->pos == c->end)
                    return PAR_JSON_SYNTAX;
            }
            if (*c->pos == '{' || *c->pos == '[') {
                if (depth == max_depth)
                    return PAR_JSON_DEPTH;
                if (depth == 1) {
                    outer.name = name;
                    outer.value.ptr = c->pos;
                    outer.value.type = *c->pos == '{' ? PAR_JSON_OBJECT : PAR_JSON_ARRAY;
                }
                c->levels[depth++] = (struct level){c->name_count, *c->pos == '{'};
                c->pos++;
                first = true;
                continue;
            }
            if (!scan_plain(c, &value))
                return PAR_JSON_SYNTAX;
            if (depth == 1)
                keep_found(c, &name, &value);
        }
        first = false;
        /* What follows a value: a comma, or the end of one or more containers. */
        for (;;) {
            c->pos = par_json__skip_blanks(c->pos, c->end);
            if (c->pos == c->end)
                return PAR_JSON_SYNTAX;
            const struct level *open = &c->levels[depth - 1];
            if (*c->pos == ',') {
                c->pos++;
                break;
            }
            if (*c->pos != (open->is_object ? '}' : ']'))
                return PAR_JSON_SYNTAX;
            if (open->is_object && (fault = close_object(c, open->first_name)))
                return fault;
            c->pos++;
            if (--depth == 0)
                return PAR_JSON_FINE;
            if (depth == 1) {
                outer.value.len = (uint32_t)(c->pos - outer.value.ptr);
                keep_found(c, &outer.name, &outer.value);
            }
        }
    }
}

enum par_json_fault par_json_check(struct par_str text, unsigned max_depth, struct par_arena *arena,
                                   struct par_json *object_r)
{
    return par_json_check_found(text, max_depth, arena, object_r, NULL);
}

enum par_json_fault par_json_check_found(struct par_str text, unsigned max_depth,
                                         struct par_arena *arena, struct par_json *object_r,
                                         struct par_json_found *found_r)
{
    *object_r = (struct par_json){0};
    if (found_r) {
        found_r->count = 0;
        found_r->more = false;
    }
    PAR_ASSERT(max_depth >= 1 && max_depth <= PAR_JSON_DEPTH_MAX);
    struct check c;
    c.pos = text.ptr;
    c.end = text.ptr + text.len;
    c.arena = arena;
    c.found = found_r;
    c.names = c.inline_names;
    c.name_count = 0;
    c.name_room = NAMES_INLINE;
    if (text.len == 0 || text.len > UINT32_MAX / 2)
        return PAR_JSON_SYNTAX;
    c.pos = par_json__skip_blanks(c.pos, c.end);
    if (c.pos == c.end)
        return PAR_JSON_SYNTAX;
    if (*c.pos != '{')
        return PAR_JSON_NOT_OBJECT;
    const char *from = c.pos;
    enum par_json_fault fault = scan_document(&c, max_depth);
    if (fault)
        return fault;
    const char *to = c.pos;
    if (par_json__skip_blanks(to, c.end) != c.end)
        return PAR_JSON_SYNTAX;
    *object_r = (struct par_json){from, (uint32_t)(to - from), PAR_JSON_OBJECT, 0};
    return PAR_JSON_FINE;
}

const char *par_json_fault_text(enum par_json_fault fault)
{
    switch (fault) {
    case PAR_JSON_FINE:
        return "fine";
    case PAR_JSON_NOT_OBJECT:
        return "not a JSON object";
    case PAR_JSON_SYNTAX:
        return "not JSON";
    case PAR_JSON_DEPTH:
        return "too deep";
    case PAR_JSON_DUPLICATE:
        return "a member twice in an object";
    case PAR_JSON_NO_MEMORY:
        return "out of memory";
    }
    return "";
}
