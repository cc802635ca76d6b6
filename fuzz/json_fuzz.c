/* The JSON reader against jansson; and what it reads, written and read again, is the same. */
#include "json_oracle.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *difference = json_oracle(data, size);
    if (difference) {
        fprintf(stderr, "differs from jansson: %s\n", difference);
        abort();
    }
    return 0;
}
