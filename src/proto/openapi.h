/* The OpenAPI page of this version, as it is served at /v1/openapi.json. */
#ifndef PAR_PROTO_OPENAPI_H
#define PAR_PROTO_OPENAPI_H

#include "base/str.h"

/* JSON, in static storage. */
struct par_str par_proto_openapi(void);

#endif
