/* Folding with the tables of utf8proc. */
#include "search/fold.h"

#include <utf8proc.h>

enum { ASCII_END = 0x80, DOTLESS_I = 0x131 };

/* The marks that are accents, points of Hebrew and Arabic among them; not the vowels of Indic
 * scripts and not the voicing marks of kana, without which a word is another. */
static const struct {
    int32_t from, to;
} accents[] = {{0x300, 0x36F},   {0x483, 0x487},  {0x591, 0x5BD},   {0x5BF, 0x5BF},
               {0x5C1, 0x5C2},   {0x5C4, 0x5C5},  {0x5C7, 0x5C7},   {0x610, 0x61A},
               {0x64B, 0x65F},   {0x670, 0x670},  {0x6D6, 0x6DC},   {0x6DF, 0x6E4},
               {0x6E7, 0x6E8},   {0x6EA, 0x6ED},  {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
               {0x20D0, 0x20FF}, {0xFE20, 0xFE2F}};

static bool is_accent(int32_t point)
{
    for (size_t i = 0; i < sizeof accents / sizeof *accents && point >= accents[i].from; i++) {
        if (point <= accents[i].to)
            return true;
    }
    return false;
}

static bool is_blank(int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP || category == UTF8PROC_CATEGORY_CC;
}

static uint8_t fold_ascii(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(c - 'A' + 'a');
    return c < ' ' || c == 0x7F ? ' ' : c;
}

static bool add_ascii(struct par_str text, struct par_buf *out)
{
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.ptr[i] >= ASCII_END)
            return false;
    uint8_t *to = par_buf_reserve(out, text.len);
    for (size_t i = 0; to && i < text.len; i++)
        to[i] = fold_ascii((uint8_t)text.ptr[i]);
    if (to)
        out->len += text.len;
    return true;
}

static void add_bytes(struct par_str text, struct par_buf *out)
{
    for (size_t i = 0; i < text.len; i++)
        par_buf_add_u8(out, fold_ascii((uint8_t)text.ptr[i]));
}

/* Decomposed code points in `points`; < 0: not UTF-8, or no memory (points->failed). */
static utf8proc_ssize_t decompose(struct par_str text, struct par_buf *points)
{
    static const utf8proc_option_t options =
        UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    utf8proc_ssize_t room = (utf8proc_ssize_t)text.len + 16, n;
    for (;;) {
        /* One more: the composing that follows may write an end. */
        void *to = par_buf_reserve(points, ((size_t)room + 1) * sizeof(utf8proc_int32_t));
        if (!to)
            return -1;
        n = utf8proc_decompose((const utf8proc_uint8_t *)text.ptr, (utf8proc_ssize_t)text.len, to,
                               room, options);
        if (n <= room)
            return n;
        room = n;
    }
}

void par_fold(struct par_str text, struct par_buf *out)
{
    if (text.len == 0 || add_ascii(text, out))
        return;
    struct par_buf points = {0};
    utf8proc_ssize_t n = decompose(text, &points), kept = 0;
    if (n < 0 && !points.failed)
        add_bytes(text, out);
    utf8proc_int32_t *point = (void *)points.data;
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        if (!is_accent(point[i]))
            point[kept++] = is_blank(point[i]) ? ' ' : point[i] == DOTLESS_I ? 'i' : point[i];
    }
    if (n > 0)
        kept = utf8proc_normalize_utf32(point, kept, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    for (utf8proc_ssize_t i = 0; i < kept; i++) {
        utf8proc_uint8_t bytes[4];
        par_buf_add(out, bytes, (size_t)utf8proc_encode_char(point[i], bytes));
    }
    if (points.failed)
        out->failed = true;
    par_buf_fini(&points);
}

uint32_t par_fold_next(struct par_str folded, size_t *at)
{
    utf8proc_int32_t point;
    if (*at >= folded.len)
        return 0;
    if ((uint8_t)folded.ptr[*at] < ASCII_END)
        return (uint8_t)folded.ptr[(*at)++];
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)folded.ptr + *at,
                                          (utf8proc_ssize_t)(folded.len - *at), &point);
    /* A byte of what is not UTF-8 stands for itself. */
    if (n <= 0)
        return 0x110000u + (uint8_t)folded.ptr[(*at)++];
    *at += (size_t)n;
    return (uint32_t)point;
}
