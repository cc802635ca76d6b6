/* Unit tests only: the rules of conversations written down once more, as plainly as possible, to
 * hold the writer against. */
#ifndef PAR_CONV_TEST_MODEL_H
#define PAR_CONV_TEST_MODEL_H

#include "conv/command.h"

enum { MODEL_USERS = 7, MODEL_CONVS = 6, MODEL_ENTRIES = 8000, MODEL_CMIDS = 16000 };

struct model_entry {
    uint8_t kind, role;
    bool on;
    uint64_t sender, target, reply_to, edited, deleted;
    char text[8];
    uint64_t users[MODEL_USERS];
    size_t user_count;
};

struct model_member {
    bool in, ever;
    uint8_t role;
    uint64_t joined, left;
    size_t place;
    uint64_t delivered, read, shown;
    bool archived;
};

struct model_conv {
    struct par_conv id;
    bool group, joined_history;
    char name[8];
    uint64_t last, texts;
    struct model_entry *entry; /* [1 … last] */
    struct model_member member[MODEL_USERS + 1];
    bool blocks[MODEL_USERS + 1]; /* of a direct one */
};

struct model_cmid {
    size_t conv;
    uint64_t user, seq;
    char cmid[16];
    uint8_t digest[16];
};

struct model {
    struct model_conv conv[MODEL_CONVS];
    struct model_cmid *cmid;
    size_t cmid_count;
};

struct model_answer {
    enum par_err err;
    uint64_t seq;
    bool dup;
};

/* Convs 0-2 are direct: 1 and 2, 1 and 3, 2 and 4; 3-5 are groups made by 1, 2, 3 with cmid
 * "create". */
void model_init(struct model *m);
void model_fini(struct model *m);
/* What the writer has to answer; the model is then as it is after the command. */
struct model_answer model_apply(struct model *m, const struct par_command *c);

#endif
