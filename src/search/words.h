/* The words of a query: what must all be in a text, in any order and anywhere in it. */
#ifndef PAR_SEARCH_WORDS_H
#define PAR_SEARCH_WORDS_H

#include "base/arena.h"
#include "base/buf.h"

enum { PAR_WORDS_MAX = 64, PAR_WORDS_QUERY_MAX = 256 };

/* Everything lies in the arena it was made in. */
struct par_words {
    struct par_str word[PAR_WORDS_MAX]; /* folded, without blanks, not empty */
    size_t count;
    uint64_t *grams; /* what a signature must hold of them: par_gram() */
    size_t gram_count;
    struct par_buf _folded; /* of the text at hand */
};

/* Takes a query of at most PAR_WORDS_QUERY_MAX bytes apart. False: nothing is left of it (only
 * blanks or accents), or it is too long, or memory is refused. To be ended by par_words_fini(). */
bool par_words_init(struct par_words *w, struct par_str query, struct par_arena *arena);
void par_words_fini(struct par_words *w);

/* Are all words in this text, as a sender wrote it? False also when memory is refused. */
bool par_words_in(struct par_words *w, struct par_str text);

#endif
