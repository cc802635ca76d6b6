/* The signature of a block of entries: a Bloom filter of the grams of its texts.
 *
 * A gram is one, two or three characters of a folded text that stand together with no blank among
 * them. A word can be in a block only if the signature holds its grams; whether it is, the texts
 * themselves must tell. A signature has about eight bits for each gram that the block has, two of
 * them set: of the words whose grams are all strange to a block, nearly all are told at once.
 *
 * The value of a row is a version byte and the bits. A row of another version, or without bits,
 * holds everything. */
#ifndef PAR_SEARCH_SIGNATURE_H
#define PAR_SEARCH_SIGNATURE_H

#include "base/buf.h"

enum {
    PAR_SIGNATURE_VERSION = 1,
    PAR_SIGNATURE_GRAMS_MAX = 32768, /* of a block with more nothing is told apart */
};

/* The number of a gram of up to three characters; 0 in front for fewer. */
static inline uint64_t par_gram(uint32_t a, uint32_t b, uint32_t c)
{
    return (uint64_t)(a & 0x1FFFFF) << 42 | (uint64_t)(b & 0x1FFFFF) << 21 | (c & 0x1FFFFF);
}

/* Collects the texts of one block. Start with {0}. */
struct par_signature {
    struct par_buf _folded;
    uint64_t *_table; /* of grams, by their hash; 0: free */
    size_t _slots, _count;
    bool _full;
};
/* One text, as its sender wrote it. */
void par_signature_add(struct par_signature *s, struct par_str text);
/* Appends the value of the row; the signature is empty again. out->failed: no memory. */
void par_signature_write(struct par_signature *s, struct par_buf *out);
/* Has this row all grams of the texts? The signature is empty again. */
bool par_signature_covered(struct par_signature *s, struct par_str row);
void par_signature_fini(struct par_signature *s);

/* May a block with this row hold all these grams? */
bool par_signature_has(struct par_str row, const uint64_t *grams, size_t count);

#endif
