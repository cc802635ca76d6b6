/* Folding, words, signatures and cursors of search: any bytes are folded to what folds to itself,
 * what a text holds its signature holds, and a cursor that is read is written the same.
 *
 * An input is a line with the query, and behind it the text. */
#include "search/cursor.h"
#include "search/fold.h"
#include "search/signature.h"
#include "search/words.h"

#include <stdlib.h>

static const char incarnation[] = "0123456789abcdef0123456789abcdef";

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void fold_twice(struct par_str text)
{
    struct par_buf once = {0}, twice = {0};
    par_fold(text, &once);
    par_fold(par_buf_str(&once), &twice);
    size_t at = 0;
    while (par_fold_next(par_buf_str(&once), &at))
        ;
    /* Zero bytes end nothing: they are blanks. */
    must(once.failed || at == once.len);
    /* A form of Unicode may need one more turn, as marks change their order; two are enough. */
    if (par_utf8_check(text, NULL)) {
        struct par_buf thrice = {0};
        par_fold(par_buf_str(&twice), &thrice);
        must(twice.failed || par_str_eq(par_buf_str(&twice), par_buf_str(&thrice)));
        par_buf_fini(&thrice);
    }
    par_buf_fini(&once);
    par_buf_fini(&twice);
}

static void find(struct par_str query, struct par_str text)
{
    struct par_arena arena = {0};
    struct par_words words;
    struct par_signature signature = {0};
    struct par_buf row = {0};
    par_signature_add(&signature, text);
    par_signature_write(&signature, &row);
    /* What is not UTF-8 is in no query and no entry. */
    if (par_words_init(&words, query, &arena) && par_words_in(&words, text) &&
        par_utf8_check(query, NULL) && par_utf8_check(text, NULL))
        must(par_signature_has(par_buf_str(&row), words.grams, words.gram_count));
    par_words_fini(&words);
    par_signature_fini(&signature);
    par_buf_fini(&row);
    par_arena_fini(&arena);
}

static void read_cursor(struct par_str text)
{
    struct par_search_cursor c, again;
    char out[PAR_SEARCH_CURSOR_MAX];
    if (!par_search_cursor_read(text, incarnation, &c))
        return;
    size_t len = par_search_cursor_write(&c, incarnation, out);
    must(len < sizeof out && par_str_eq(text, par_str_of(out, len)));
    must(par_search_cursor_read(par_str_of(out, len), incarnation, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    struct par_str query = par_str_of(data, end ? (size_t)(end - data) : size);
    struct par_str text = end ? par_str_of(end + 1, size - query.len - 1) : (struct par_str){"", 0};
    fold_twice(text);
    find(query, text);
    /* The text by a part of itself. */
    find(par_str_of(text.ptr, text.len < 40 ? text.len : 40), text);
    read_cursor(query);
    return 0;
}
