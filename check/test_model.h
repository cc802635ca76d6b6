/* A small server without faults, for tests of the checker: it plays some hundred requests of five
 * devices and writes down their history, which is right in every line. */
#ifndef PAR_CHECK_TEST_MODEL_H
#define PAR_CHECK_TEST_MODEL_H

#include "base/buf.h"

/* Appends the history of a world in which `steps` random things are done. */
void model_play(struct par_buf *out, uint64_t seed, unsigned steps);

#endif
