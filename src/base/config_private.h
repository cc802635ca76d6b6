/* What the files of base/config share: the rows of the table as data. */
#ifndef PAR_BASE_CONFIG_PRIVATE_H
#define PAR_BASE_CONFIG_PRIVATE_H

#include "base/config.h"

enum par_config__type { PAR_CONFIG__INT = 0, PAR_CONFIG__BOOL, PAR_CONFIG__STR, PAR_CONFIG__WORD };

struct par_config__key {
    enum par_config__type type;
    const char *section;
    const char *key;
    size_t offset;
    int64_t def;
    const char *def_text;
    int64_t min;
    int64_t max;
    const char *words; /* "one\0two\0" */
    bool reload;
    const char *doc;
};
struct par_config__section {
    const char *name;
    const char *doc;
};

enum {
#define INT(field, section, key, def, min, max, reload, doc) PAR_CONFIG__K_##field##_##key,
#define BOOL(field, section, key, def, reload, doc)          PAR_CONFIG__K_##field##_##key,
#define STR(field, section, key, def, max, doc)              PAR_CONFIG__K_##field##_##key,
#define WORD(field, section, key, def, words, reload, doc)   PAR_CONFIG__K_##field##_##key,
#include "parley/tbl/config.h"
    PAR_CONFIG__KEYS
};
enum {
#define SECTION(field, name, doc) PAR_CONFIG__S_##field,
#include "parley/tbl/config.h"
    PAR_CONFIG__SECTIONS
};

extern const struct par_config__key par_config__keys[PAR_CONFIG__KEYS];
extern const struct par_config__section par_config__sections[PAR_CONFIG__SECTIONS];

/* Puts one line into the error; always PAR_E_BAD_REQUEST. */
enum par_err par_config__refuse(struct par_config_error *error_r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Where each key got its value: 0 the default, > 0 a line of the file, < 0 minus the number of the
 * option. */
struct par_config__origin {
    const struct par_config_source *source;
    int where[PAR_CONFIG__KEYS];
};

/* "parley.conf:12", "-o", or "default", for the row. */
void par_config__where(const struct par_config__origin *origin, int index, char *text_r,
                       size_t size);

/* The row of "section" and "key"; -1 when there is none. */
int par_config__find(const char *section, size_t section_len, const char *key);

/* Checks text and stores it in the row's field. False with the reason ("is not …") in reason_r. */
bool par_config__store(struct par_config *cfg, int index, const char *text, char *reason_r,
                       size_t size);

/* Points a STR field at a copy of text that cfg owns. False when memory is refused. */
bool par_config__own(struct par_config *cfg, const char **field, const char *text);

/* The row's word equal to text, in static storage; NULL when there is none. */
const char *par_config__word(int index, const char *text);

/* The row's value as text. Borrowed from cfg or written to buf. */
const char *par_config__text(const struct par_config *cfg, int index, char *buf, size_t size);

/* Fills in what is empty and checks what one key cannot say alone. */
enum par_err par_config__finish(struct par_config *cfg, const struct par_config__origin *origin,
                                struct par_config_error *error_r);

#endif
