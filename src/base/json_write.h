/* Writes JSON onto a byte buffer: no tree, no allocation of its own, commas put by itself. Memory
 * that is refused shows as `failed` of the buffer, checked once at the end.
 *
 *     struct par_json_out w = par_json_out(&buf);
 *     par_json_open(&w);                       {
 *     par_json_key_str(&w, "text", text);      "text":"…"
 *     par_json_key_int(&w, "seq", 7);          ,"seq":7
 *     par_json_close(&w);                      }
 */
#ifndef PAR_BASE_JSON_WRITE_H
#define PAR_BASE_JSON_WRITE_H

#include "base/buf.h"

/* A position in the output. Several may follow one another on one buffer. */
struct par_json_out {
    struct par_buf *buf;
    bool _comma; /* the next value or name needs a comma before it */
};

static inline struct par_json_out par_json_out(struct par_buf *buf)
{
    return (struct par_json_out){buf, false};
}

void par_json_open(struct par_json_out *w);        /* { */
void par_json_close(struct par_json_out *w);       /* } */
void par_json_open_array(struct par_json_out *w);  /* [ */
void par_json_close_array(struct par_json_out *w); /* ] */

/* The name of the next member. It goes out as it is: a literal of ours that needs no escape. */
void par_json_key(struct par_json_out *w, const char *name);
/* A name that may need escapes (a map's key). */
void par_json_key_text(struct par_json_out *w, struct par_str name);

/* Values. Strings must be UTF-8 and go out byte for byte, but for quote, backslash and control
 * characters. */
void par_json_str(struct par_json_out *w, struct par_str s);
void par_json_int(struct par_json_out *w, int64_t v);
void par_json_uint(struct par_json_out *w, uint64_t v);
/* The number as a string of digits, as ids are written. */
void par_json_id(struct par_json_out *w, uint64_t v);
void par_json_bool(struct par_json_out *w, bool v);
void par_json_null(struct par_json_out *w);
/* Bytes that are one JSON value already. */
void par_json_raw(struct par_json_out *w, struct par_str json);

/* Name and value in one. */
void par_json_key_str(struct par_json_out *w, const char *name, struct par_str s);
void par_json_key_z(struct par_json_out *w, const char *name, const char *z);
void par_json_key_int(struct par_json_out *w, const char *name, int64_t v);
void par_json_key_id(struct par_json_out *w, const char *name, uint64_t v);
void par_json_key_bool(struct par_json_out *w, const char *name, bool v);

/* Only the string with its quotes, no comma: for encoders that build a frame from parts. */
void par_json_add_str(struct par_buf *buf, struct par_str s);

#endif
