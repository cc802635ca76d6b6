/* The limits a client is told (PROTOCOL.md 8), made by tools/gen-protocol from protocol/schema: change it there. */
#ifndef PAR_PROTO_GEN_LIMITS_H
#define PAR_PROTO_GEN_LIMITS_H

#include <stdint.h>

/* X(name, default). */
#define PAR_PROTO_LIMITS(X) \
    X(text_code_points, 8000) \
    X(text_bytes, 32768) \
    X(frame_bytes, 65536) \
    X(group_members, 500) \
    X(sends_per_second, 20) \
    X(sends_burst, 100) \
    X(ops_per_second, 1000) \
    X(devices, 10) \
    X(history_page, 200) \
    X(presence_ids, 500) \
    X(name_code_points, 64) \
    X(json_depth, 16)

struct par_proto_limits {
#define X(name, value) uint32_t name;
    PAR_PROTO_LIMITS(X)
#undef X
};

/* As PROTOCOL.md 8 has them. */
extern const struct par_proto_limits par_proto_limits_default;

#endif
