/* Folding by the vectors of the protocol, words, signatures and cursors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "search/cursor.h"
#include "search/fold.h"
#include "search/signature.h"
#include "search/words.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const incarnation = "0123456789abcdef0123456789abcdef";

static json_t *vectors(const char *name)
{
    json_error_t error;
    const char *root = getenv("PARLEY_SOURCE_ROOT");
    char path[4096];
    snprintf(path, sizeof path, "%s/protocol/vectors/search.json", root ? root : "..");
    json_t *all = json_load_file(path, 0, &error);
    if (!all)
        fail_msg("search.json: %s", error.text);
    json_t *list = json_incref(json_object_get(all, name));
    json_decref(all);
    return list;
}

static void folds_as_the_vectors_say(void **state)
{
    (void)state;
    json_t *list = vectors("fold"), *pair;
    size_t i;
    assert_true(json_array_size(list) > 10);
    json_array_foreach(list, i, pair)
    {
        struct par_buf out = {0};
        par_fold(par_str(json_string_value(json_array_get(pair, 0))), &out);
        par_buf_add_u8(&out, 0);
        assert_string_equal(out.data, json_string_value(json_array_get(pair, 1)));
        par_buf_fini(&out);
    }
    json_decref(list);
}

static bool matches(struct par_str query, struct par_str text)
{
    struct par_arena arena = {0};
    struct par_words words;
    assert_true(par_words_init(&words, query, &arena));
    bool in = par_words_in(&words, text);
    par_words_fini(&words);
    par_arena_fini(&arena);
    return in;
}

static void matches_as_the_vectors_say(void **state)
{
    (void)state;
    json_t *list = vectors("match"), *row;
    size_t i;
    assert_true(json_array_size(list) > 5);
    json_array_foreach(list, i, row)
    {
        struct par_str query = par_str(json_string_value(json_array_get(row, 0)));
        struct par_str text = par_str(json_string_value(json_array_get(row, 1)));
        if (matches(query, text) != json_is_true(json_array_get(row, 2)))
            fail_msg("%.*s in %.*s", PAR_STR_ARGS(query), PAR_STR_ARGS(text));
    }
    json_decref(list);
}

static void bytes_that_are_no_text_do_no_harm(void **state)
{
    (void)state;
    struct par_buf out = {0};
    par_fold(PAR_STR("A\xff\xc3"), &out);
    assert_int_equal(out.len, 3);
    assert_memory_equal(out.data, "a\xff\xc3", 3);
    size_t at = 0;
    assert_int_equal(par_fold_next(par_buf_str(&out), &at), 'a');
    assert_true(par_fold_next(par_buf_str(&out), &at) > 0x10FFFF);
    assert_true(par_fold_next(par_buf_str(&out), &at) > 0x10FFFF);
    assert_int_equal(par_fold_next(par_buf_str(&out), &at), 0);
    par_buf_fini(&out);
}

static void a_query_without_words_is_none(void **state)
{
    (void)state;
    static const char *const none[] = {"", " ", " \t\n", "\xcc\x81", "\xc2\xad"};
    struct par_arena arena = {0};
    struct par_words words;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_false(par_words_init(&words, par_str(none[i]), &arena));
        par_words_fini(&words);
    }
    char many[PAR_WORDS_QUERY_MAX + 1];
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 2 ? ' ' : 'a';
    assert_false(par_words_init(&words, par_str_of(many, sizeof many), &arena));
    par_words_fini(&words);
    assert_false(par_words_init(&words, par_str_of(many, sizeof many - 1), &arena));
    par_words_fini(&words);
    assert_true(par_words_init(&words, par_str_of(many, PAR_WORDS_MAX * 2 - 1), &arena));
    par_words_fini(&words);
    par_arena_fini(&arena);
}

/* ---- signatures ---- */

static uint64_t seed = 11;
static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

/* Words of any script, of one to eight characters. */
static size_t draw_word(char *to)
{
    static const char *const letters[] = {"a", "e", "i", "n",  "r",  "s",  "t",    "É",  "ß",
                                          "д", "Ж", "ü", "猫", "京", "か", "がん", "한", "🦓"};
    size_t len = 0;
    for (uint32_t n = 1 + draw(8); n > 0; n--) {
        const char *letter = letters[draw(sizeof letters / sizeof *letters)];
        memcpy(to + len, letter, strlen(letter));
        len += strlen(letter);
    }
    return len;
}

/* Whatever is in a text is in the signature of its block: with no exception. */
static void a_signature_misses_nothing(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct par_signature s = {0};
        struct par_buf row = {0};
        char text[64][256];
        size_t len[64], texts = draw(64);
        for (size_t i = 0; i < texts; i++) {
            len[i] = draw_word(text[i]);
            for (uint32_t n = draw(4); n > 0; n--) {
                text[i][len[i]++] = ' ';
                len[i] += draw_word(text[i] + len[i]);
            }
            par_signature_add(&s, par_str_of(text[i], len[i]));
        }
        par_signature_write(&s, &row);
        for (size_t i = 0; i < texts; i++) {
            /* A part of the text that begins and ends at characters. */
            size_t from = draw((uint32_t)len[i]), to = from + 1 + draw((uint32_t)(len[i] - from));
            while (from > 0 && ((uint8_t)text[i][from] & 0xC0) == 0x80)
                from--;
            while (to < len[i] && ((uint8_t)text[i][to] & 0xC0) == 0x80)
                to++;
            struct par_arena arena = {0};
            struct par_words words;
            if (par_words_init(&words, par_str_of(text[i] + from, to - from), &arena)) {
                assert_true(par_words_in(&words, par_str_of(text[i], len[i])));
                assert_true(par_signature_has(par_buf_str(&row), words.grams, words.gram_count));
            }
            par_words_fini(&words);
            par_arena_fini(&arena);
        }
        par_buf_fini(&row);
        par_signature_fini(&s);
    }
}

/* What is in no text is told apart nearly always, and small it is. */
static void a_signature_tells_apart(void **state)
{
    (void)state;
    struct par_signature s = {0};
    struct par_buf row = {0};
    size_t bytes = 0, false_hits = 0;
    for (int i = 0; i < 32; i++) {
        char text[200];
        int n = snprintf(text, sizeof text,
                         "message number %d says that we meet at the usual place at noon", i);
        bytes += (size_t)n;
        par_signature_add(&s, par_str_of(text, (size_t)n));
    }
    par_signature_write(&s, &row);
    assert_true(row.len < bytes / 2);
    for (int i = 0; i < 1000; i++) {
        char word[] = "xqzjkv";
        for (size_t j = 0; j < 6; j++)
            word[j] = (char)('a' + draw(26));
        struct par_arena arena = {0};
        struct par_words words;
        assert_true(par_words_init(&words, par_str(word), &arena));
        false_hits += par_signature_has(par_buf_str(&row), words.grams, words.gram_count);
        par_words_fini(&words);
        par_arena_fini(&arena);
    }
    assert_true(false_hits < 10);
    par_buf_fini(&row);
    par_signature_fini(&s);
}

static void a_block_of_too_much_holds_everything(void **state)
{
    (void)state;
    struct par_signature s = {0};
    struct par_buf row = {0}, text = {0};
    for (uint32_t i = 0; i < 40000; i++) {
        par_buf_clear(&text);
        par_buf_printf(&text, "%x", i * 2654435761u);
        par_signature_add(&s, par_buf_str(&text));
    }
    par_signature_write(&s, &row);
    /* The grams of hexadecimal digits are few: doubles are no reason to give up. */
    assert_true(row.len > 1 && row.len < 8192);
    par_buf_clear(&row);
    for (uint32_t i = 0; i < 50000; i++) {
        uint8_t bytes[3] = {(uint8_t)(0xE4 + i % 5), (uint8_t)(0x80 | (i / 5 & 63)),
                            (uint8_t)(0x80 | (i / 320 & 63))};
        par_signature_add(&s, par_str_of(bytes, 3));
        par_buf_clear(&text);
        par_buf_printf(&text, "%c%c%c", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676 % 26);
        par_signature_add(&s, par_buf_str(&text));
    }
    par_signature_write(&s, &row);
    uint64_t strange = par_gram(0x1F600, 0x1F601, 0x1F602);
    assert_int_equal(row.len, 1);
    assert_true(par_signature_has(par_buf_str(&row), &strange, 1));
    /* And the next block begins anew. */
    par_buf_clear(&row);
    par_signature_add(&s, PAR_STR("abc"));
    par_signature_write(&s, &row);
    assert_false(par_signature_has(par_buf_str(&row), &strange, 1));
    par_buf_fini(&text);
    par_buf_fini(&row);
    par_signature_fini(&s);
}

static void a_row_that_is_not_known_holds_everything(void **state)
{
    (void)state;
    uint64_t gram = par_gram(0, 0, 'x');
    assert_true(par_signature_has(PAR_STR(""), &gram, 1));
    assert_true(par_signature_has(PAR_STR("\2\0\0\0\0\0\0\0\0"), &gram, 1));
    assert_false(par_signature_has(PAR_STR("\1\0\0\0\0\0\0\0\0"), &gram, 1));
    assert_true(par_signature_has(PAR_STR("\1\0\0\0\0\0\0\0\0"), &gram, 0));
}

/* ---- cursors ---- */

static void a_cursor_comes_back_as_it_went(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct par_search_cursor c = {.digest = draw(UINT32_MAX),
                                      .as_of = (int64_t)draw(UINT32_MAX) << draw(30),
                                      .ts = (int64_t)draw(UINT32_MAX) << draw(30),
                                      .seq = i % 3 ? draw(1000) : UINT64_MAX,
                                      .conv = par_conv_direct(1 + draw(1000), 2000 + draw(9))},
                                 back;
        char text[PAR_SEARCH_CURSOR_MAX];
        size_t len = par_search_cursor_write(&c, incarnation, text);
        assert_true(par_search_cursor_read(par_str_of(text, len), incarnation, &back));
        assert_memory_equal(&c.conv, &back.conv, sizeof c.conv);
        assert_true(c.digest == back.digest && c.as_of == back.as_of && c.ts == back.ts &&
                    c.seq == back.seq);
        assert_false(par_search_cursor_read(par_str_of(text, len), "1123456789abcdef", &back));
        for (size_t cut = 0; cut < len; cut += 1 + draw(5)) {
            /* A shorter id of a user may be one, too. */
            if (par_search_cursor_read(par_str_of(text, cut), incarnation, &back))
                assert_false(par_conv_eq(&back.conv, &c.conv));
        }
    }
}

static void no_cursors(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "01234567",
        "01234567.",
        "01234567.1.2.3.4",
        "01234567.1.2.3.4.",
        "01234567.1.2.3.4.x",
        "01234567.1.2.3.4.d.2.1",
        "01234567.4294967296.2.3.4.d.1.2",
        "01234567.1.9223372036854775808.3.4.d.1.2",
        "01234567.1.2.9223372036854775808.4.d.1.2",
        "01234567.1.2.3.18446744073709551616.d.1.2",
        "01234567.1.2.3.-4.d.1.2",
        "01234567.1..3.4.d.1.2",
        "01234567.1.2.3.4.d.1.2.",
        "01234568.1.2.3.4.d.1.2",
    };
    struct par_search_cursor c;
    assert_true(par_search_cursor_read(PAR_STR("01234567.1.2.3.4.d.1.2"), incarnation, &c));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(par_search_cursor_read(par_str(bad[i]), incarnation, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_as_the_vectors_say),
        cmocka_unit_test(matches_as_the_vectors_say),
        cmocka_unit_test(bytes_that_are_no_text_do_no_harm),
        cmocka_unit_test(a_query_without_words_is_none),
        cmocka_unit_test(a_signature_misses_nothing),
        cmocka_unit_test(a_signature_tells_apart),
        cmocka_unit_test(a_block_of_too_much_holds_everything),
        cmocka_unit_test(a_row_that_is_not_known_holds_everything),
        cmocka_unit_test(a_cursor_comes_back_as_it_went),
        cmocka_unit_test(no_cursors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
