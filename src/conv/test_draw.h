/* Unit tests only: commands by chance, most of them such as people give. */
#ifndef PAR_CONV_TEST_DRAW_H
#define PAR_CONV_TEST_DRAW_H

#include "conv/test_model.h"

/* A command, and what it points at. */
struct drawn {
    struct par_command c;
    char cmid[16];
    uint64_t users[MODEL_USERS];
    struct par_command_mark marks[3];
};

/* The chances of what follows; one sequence for the whole process. */
void draw_seed(uint64_t seed);
uint64_t draw_below(uint64_t n);

/* A command for the conversations as the model has them. */
void draw_command(const struct model *m, struct drawn *d, uint64_t step);
/* A retry of what was asked a moment ago, in the same batch more often than not. */
void draw_again(struct drawn *d, const struct drawn *first);

#endif
