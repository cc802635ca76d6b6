/* Unit tests only: the store driver "rows", one store for the whole process, that lands rows one by
 * one: in an order that the test draws, some not at all, some late, some never reported. Of two
 * values of a row the one with the higher version holds, of equals the later. One thread at a time.
 */
#ifndef PAR_STORE_TEST_ROWS_H
#define PAR_STORE_TEST_ROWS_H

#include "parley/store.h"

/* Asked at every call and before every row of a batch. */
struct test_rows_hooks {
    void (*gate)(void);
    bool (*dead)(void); /* the caller's process is gone: nothing is done for it */
    uint64_t (*below)(uint64_t n);
    bool (*chance)(uint32_t per_mille);
};

/* Chances in 1,000. */
struct test_rows_faults {
    uint32_t row_lost;    /* a row of a batch is not put */
    uint32_t row_late;    /* it is put some time later */
    uint32_t answer_lost; /* all is done, and nobody is told */
    uint32_t swap_lost, swap_late, swap_unknown;
    uint32_t read_fails;
};
extern struct test_rows_faults test_rows_faults;

/* From now on there is such a driver, its store empty; and no more. */
void test_rows_install(const struct test_rows_hooks *hooks);
void test_rows_remove(void);
/* Instead: the driver `fail` under the name "rows", as one that is not atomic. */
void test_rows_install_fail(void);

/* A late row or swap lands; false: there is none. */
bool test_rows_land(void);
bool test_rows_has(enum par_table table, struct par_str key);
/* All rows but those of checkpoints and meta, as text; the caller frees it. */
char *test_rows_dump(void);

#endif
