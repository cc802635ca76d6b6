/* The configuration: an INI file and `-o section.key=value`, read once into a struct with a typed
 * field for every key of parley/tbl/config.h (`cfg->server.threads`, `cfg->limits.text_bytes`; a
 * dot in a section is an underscore in C: `cfg->push_apns.topic`).
 *
 * INT fields are int64_t, BOOL fields bool, STR and WORD fields C strings, never NULL. A key that
 * may change on SIGHUP is read with PAR_CONFIG_GET, from any thread; all others do not change after
 * par_config_load. */
#ifndef PAR_BASE_CONFIG_H
#define PAR_BASE_CONFIG_H

#include "parley/err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct par_config {
#define SECTION(field, name, doc) struct {
#define END_SECTION(field)                                                                         \
    }                                                                                              \
    field;
#define INT(field, section, key, def, min, max, reload, doc) int64_t key;
#define BOOL(field, section, key, def, reload, doc)          bool key;
#define STR(field, section, key, def, max, doc)              const char *key;
#define WORD(field, section, key, def, words, reload, doc)   const char *key;
#include "parley/tbl/config.h"
    /* What the fields of strings point into. */
    char **_owned;
    size_t _n_owned;
};

/* A value that SIGHUP may change: PAR_CONFIG_GET(cfg->limits.sends_per_second). */
#define PAR_CONFIG_GET(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

/* Where the values come from. */
struct par_config_source {
    const char *file;           /* NULL: none, defaults only */
    const char *const *options; /* "section.key=value", later ones win, all win over the file */
    size_t n_options;
};

/* One line that says what is wrong, where, and what to do. */
struct par_config_error {
    char text[512];
};

/* Reads and checks everything; opens no file but the one named. Empty values whose doc says so are
 * filled in (paths below server.data, server.registration). On error PAR_E_BAD_REQUEST, *cfg_r is
 * empty and *error_r holds the line. The caller ends it with fini. Blocks on the file. Not for two
 * threads at once. */
enum par_err par_config_load(const struct par_config_source *source, struct par_config *cfg_r,
                             struct par_config_error *error_r) PAR_MUST_CHECK;
/* The defaults alone (tests). */
void par_config_defaults(struct par_config *cfg_r);
void par_config_fini(struct par_config *cfg);

/* SIGHUP: takes every changed value that may change over into live, whose readers see it at once,
 * and calls changed (may be NULL) for each key that differs: applied says whether it was taken, or
 * needs a restart. values are short texts, valid during the call. */
typedef void (*par_config_changed_fn)(void *arg, const char *key, const char *old_value,
                                      const char *new_value, bool applied);
void par_config_apply(struct par_config *live, const struct par_config *fresh,
                      par_config_changed_fn changed, void *arg);

/* Changes one reloadable key while running ("log.level", "debug"). PAR_E_NOT_FOUND: no such key.
 * PAR_E_FORBIDDEN: needs a restart. PAR_E_BAD_REQUEST: a bad value. *error_r says it in words. */
enum par_err par_config_set(struct par_config *live, const char *key, const char *value,
                            struct par_config_error *error_r) PAR_MUST_CHECK;

/* Writes the commented example file, all keys with their defaults. */
void par_config_write_example(FILE *out);
/* Writes the help on one key ("server.listen") or section ("server"); NULL: all. False: no such
 * name. */
bool par_config_write_help(FILE *out, const char *name);

/* True when host:port (or [v6]:port) is on loopback. */
bool par_config_is_loopback(const char *address);
/* Splits "ADDR:PORT" or "[V6]:PORT" in host (without brackets) and port. False when it is neither.
 */
bool par_config_split_address(const char *address, char *host_r, size_t host_size,
                              uint16_t *port_r);

#endif
