/* Words of a query, found in texts. */
#include "search/words.h"

#include "search/fold.h"
#include "search/signature.h"

/* A word of three characters and more has all its grams of three; a shorter one is a gram. */
static void add_grams(struct par_words *w, struct par_str word)
{
    uint32_t a = 0, b = 0, c;
    size_t at = 0, points = 0;
    while ((c = par_fold_next(word, &at)) != 0) {
        if (++points >= 3)
            w->grams[w->gram_count++] = par_gram(a, b, c);
        a = b;
        b = c;
    }
    if (points == 1)
        w->grams[w->gram_count++] = par_gram(0, 0, b);
    if (points == 2)
        w->grams[w->gram_count++] = par_gram(0, a, b);
}

bool par_words_init(struct par_words *w, struct par_str query, struct par_arena *arena)
{
    *w = (struct par_words){0};
    if (query.len > PAR_WORDS_QUERY_MAX)
        return false;
    par_fold(query, &w->_folded);
    struct par_str left = par_arena_copy(arena, par_buf_str(&w->_folded));
    /* A code point has a byte at least, and begins at most one gram. */
    w->grams = par_arena_alloc(arena, (w->_folded.len + 1) * sizeof *w->grams);
    if (w->_folded.failed || !left.ptr || !w->grams)
        return false;
    while (left.len > 0) {
        const char *blank = memchr(left.ptr, ' ', left.len);
        struct par_str word = par_str_of(left.ptr, blank ? (size_t)(blank - left.ptr) : left.len);
        size_t used = word.len + (blank != NULL);
        left = par_str_of(left.ptr + used, left.len - used);
        if (word.len == 0)
            continue;
        if (w->count == PAR_WORDS_MAX)
            return false;
        w->word[w->count++] = word;
        add_grams(w, word);
    }
    return w->count > 0;
}

void par_words_fini(struct par_words *w)
{
    par_buf_fini(&w->_folded);
}

bool par_words_in(struct par_words *w, struct par_str text)
{
    par_buf_clear(&w->_folded);
    par_fold(text, &w->_folded);
    if (w->_folded.failed)
        return false;
    for (size_t i = 0; i < w->count; i++) {
        if (!memmem(w->_folded.data, w->_folded.len, w->word[i].ptr, w->word[i].len))
            return false;
    }
    return true;
}
