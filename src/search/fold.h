/* Folding: the form of a text in which search compares. Case, accents and the forms of width are
 * gone, every blank is one U+0020; what remains is composed again, so that a syllable of Hangul or
 * a kana with its voicing mark stays one character.
 *
 * The form is stored as hashes in the index (signature.h): a change of it needs a new version
 * there. protocol/vectors/search.json holds examples, for the clients that fold for themselves. */
#ifndef PAR_SEARCH_FOLD_H
#define PAR_SEARCH_FOLD_H

#include "base/buf.h"

/* Appends the folded text, as UTF-8. What is not UTF-8 is taken byte by byte. On a refusal of
 * memory out->failed is set. Never blocks. */
void par_fold(struct par_str text, struct par_buf *out);

/* The next code point of a folded text at *at, which moves on; 0 at the end. */
uint32_t par_fold_next(struct par_str folded, size_t *at);

#endif
