/* Ids of conversations and users: what is read is written back byte for byte. */
#include "base/conv_id.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct par_str text = par_str_of(data, size);
    struct par_conv conv;
    char back[PAR_CONV_TEXT_MAX];
    uint64_t user, low, high;
    enum par_conv_parse got = par_conv_parse(text, &conv);
    if (got == PAR_CONV_OK) {
        size_t n = par_conv_format(&conv, back);
        if (!par_str_eq(par_str_of(back, n), text))
            abort();
        if (conv.kind == PAR_CONV_DIRECT &&
            (!par_conv_users(&conv, &low, &high) || low >= high || low == 0 || high > INT64_MAX))
            abort();
    } else if (conv.kind != PAR_CONV_NONE || (got == PAR_CONV_BAD) != (size == 0 || size > 64)) {
        abort();
    }
    if (par_user_parse(text, &user) != (user != 0) || user > INT64_MAX)
        abort();
    return 0;
}
