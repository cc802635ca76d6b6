/* Fuzzes a line of an export: what is read as a row is written as a line that is read as the same
 * row. */
#include "store/record_json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct par_buf key = {0}, value = {0}, line = {0}, key_again = {0}, value_again = {0};
    enum par_table table, table_again;
    const char *what;
    if (par_row__from_json(par_str_of(data, size), &table, &key, &value, &what)) {
        par_row__to_json(table, par_buf_str(&key), par_buf_str(&value), &line);
        if (!par_row__from_json(par_buf_str(&line), &table_again, &key_again, &value_again, &what))
            abort();
        if (table != table_again || !par_str_eq(par_buf_str(&key), par_buf_str(&key_again)))
            abort();
        /* The value may have held what no record of ours has, and is canonical after one round. */
        par_buf_clear(&key);
        par_buf_clear(&value);
        par_buf_add_str(&value, par_buf_str(&value_again));
        par_buf_clear(&line);
        par_buf_clear(&value_again);
        par_row__to_json(table, par_buf_str(&key_again), par_buf_str(&value), &line);
        if (!par_row__from_json(par_buf_str(&line), &table_again, &key, &value_again, &what) ||
            !par_str_eq(par_buf_str(&value), par_buf_str(&value_again)))
            abort();
    }
    par_buf_fini(&key);
    par_buf_fini(&value);
    par_buf_fini(&line);
    par_buf_fini(&key_again);
    par_buf_fini(&value_again);
    return 0;
}
