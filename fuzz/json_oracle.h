/* Compares the JSON reader with jansson: what one accepts the other accepts, and with the same
 * values. */
#ifndef PAR_FUZZ_JSON_ORACLE_H
#define PAR_FUZZ_JSON_ORACLE_H

#include <stddef.h>
#include <stdint.h>

/* NULL when both agree, else what they disagree about. Bytes that are not UTF-8 are not compared:
 * the reader leaves them to those who check UTF-8. */
const char *json_oracle(const uint8_t *data, size_t size);

#endif
