/* Hands out the OpenAPI page, which the build puts into the program. */
#include "proto/openapi.h"

extern const unsigned char par_openapi_json[];
extern const unsigned long par_openapi_json_len;

struct par_str par_proto_openapi(void)
{
    return par_str_of(par_openapi_json, par_openapi_json_len);
}
