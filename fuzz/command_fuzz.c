/* Commands: bytes that are one are encoded as the same bytes again, the digest aside, which is made
 * anew; only those of operators have no sender. */
#include "conv/command.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { DIGEST_AT = 3 + PAR_CONV_BYTES + 8 + 5 * 8, DIGEST = 16 };
    struct par_arena arena = {0};
    struct par_buf again = {0};
    struct par_command c;
    if (par_command_decode(par_str_of(data, size), &arena, &c)) {
        par_command_encode(&c, &again);
        if (again.failed || again.len != size || memcmp(again.data, data, DIGEST_AT) != 0 ||
            memcmp(again.data + DIGEST_AT + DIGEST, data + DIGEST_AT + DIGEST,
                   size - DIGEST_AT - DIGEST) != 0)
            abort();
        if ((c.sender == 0) != (c.kind >= PAR_COMMAND_VOID) || c.kind == 0 ||
            c.kind >= PAR_COMMAND_KINDS || c.cmid.len > PAR_COMMAND_CMID_MAX)
            abort();
        for (size_t i = 0; i < c.user_count; i++)
            if (c.users[i] == 0 || c.users[i] > INT64_MAX)
                abort();
    } else if (c.kind != 0) {
        abort();
    }
    par_buf_fini(&again);
    par_arena_fini(&arena);
    return 0;
}
