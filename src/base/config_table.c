/* The rows of the configuration table as data, and how the text of a value is read and shown. */
#include "base/config_private.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define YES true
#define NO  false

const struct par_config__key par_config__keys[PAR_CONFIG__KEYS] = {
#define INT(field, section, key, def, min, max, reload, doc)                                       \
    {PAR_CONFIG__INT,                                                                              \
     section,                                                                                      \
     #key,                                                                                         \
     offsetof(struct par_config, field.key),                                                       \
     def,                                                                                          \
     NULL,                                                                                         \
     min,                                                                                          \
     max,                                                                                          \
     NULL,                                                                                         \
     reload,                                                                                       \
     doc},
#define BOOL(field, section, key, def, reload, doc)                                                \
    {                                                                                              \
        PAR_CONFIG__BOOL,                                                                          \
        section,                                                                                   \
        #key,                                                                                      \
        offsetof(struct par_config, field.key),                                                    \
        def,                                                                                       \
        NULL,                                                                                      \
        0,                                                                                         \
        1,                                                                                         \
        NULL,                                                                                      \
        reload,                                                                                    \
        doc},
#define STR(field, section, key, def, max, doc)                                                    \
    {PAR_CONFIG__STR,                                                                              \
     section,                                                                                      \
     #key,                                                                                         \
     offsetof(struct par_config, field.key),                                                       \
     0,                                                                                            \
     def,                                                                                          \
     0,                                                                                            \
     max,                                                                                          \
     NULL,                                                                                         \
     NO,                                                                                           \
     doc},
#define WORD(field, section, key, def, words, reload, doc)                                         \
    {PAR_CONFIG__WORD, section, #key, offsetof(struct par_config, field.key), 0, def, 0, 0, words, \
     reload,           doc},
#include "parley/tbl/config.h"
};

const struct par_config__section par_config__sections[PAR_CONFIG__SECTIONS] = {
#define SECTION(field, name, doc) {name, doc},
#include "parley/tbl/config.h"
};

int par_config__find(const char *section, size_t section_len, const char *key)
{
    for (int i = 0; i < PAR_CONFIG__KEYS; i++)
        if (strlen(par_config__keys[i].section) == section_len &&
            memcmp(par_config__keys[i].section, section, section_len) == 0 &&
            strcmp(par_config__keys[i].key, key) == 0)
            return i;
    return -1;
}

const char *par_config__word(int index, const char *text)
{
    for (const char *w = par_config__keys[index].words; *w; w += strlen(w) + 1)
        if (strcmp(w, text) == 0)
            return w;
    return NULL;
}

bool par_config__own(struct par_config *cfg, const char **field, const char *text)
{
    char **owned = realloc(cfg->_owned, (cfg->_n_owned + 1) * sizeof *owned);

    if (!owned)
        return false;
    cfg->_owned = owned;
    char *copy = strdup(text);
    if (!copy)
        return false;
    owned[cfg->_n_owned++] = copy;
    *field = copy;
    return true;
}

static bool store_int(int64_t *field, const struct par_config__key *k, const char *text,
                      char *reason_r, size_t size)
{
    char *end;

    errno = 0;
    long long v = strtoll(text, &end, 10);
    bool number = text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
    if (!number || *end || errno || v < k->min || v > k->max) {
        snprintf(reason_r, size, "is not a whole number from %" PRId64 " to %" PRId64, k->min,
                 k->max);
        return false;
    }
    __atomic_store_n(field, v, __ATOMIC_RELAXED);
    return true;
}

static bool store_bool(bool *field, const char *text, char *reason_r, size_t size)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};

    for (int i = 0; i < 4; i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            __atomic_store_n(field, strcmp(text, yes[i]) == 0, __ATOMIC_RELAXED);
            return true;
        }
    }
    snprintf(reason_r, size, "is neither true nor false");
    return false;
}

static bool store_str(struct par_config *cfg, const char **field, const struct par_config__key *k,
                      const char *text, char *reason_r, size_t size)
{
    if (strlen(text) > (size_t)k->max) {
        snprintf(reason_r, size, "is longer than %" PRId64 " bytes", k->max);
        return false;
    }
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ') {
            snprintf(reason_r, size, "holds a control character");
            return false;
        }
    }
    if (!par_config__own(cfg, field, text)) {
        snprintf(reason_r, size, "does not fit in memory");
        return false;
    }
    return true;
}

static bool store_word(const char **field, int index, const char *text, char *reason_r, size_t size)
{
    const struct par_config__key *k = &par_config__keys[index];
    const char *word = par_config__word(index, text);

    /* An empty word is good where it is the default: it means "as the doc says". */
    if (!word && text[0] == 0 && k->def_text[0] == 0)
        word = k->def_text;
    if (word) {
        __atomic_store_n(field, word, __ATOMIC_RELAXED);
        return true;
    }
    size_t n = (size_t)snprintf(reason_r, size, "is not one of");
    for (const char *w = k->words; *w && n < size; w += strlen(w) + 1)
        n += (size_t)snprintf(reason_r + n, size - n, "%s %s", w == k->words ? "" : ",", w);
    return false;
}

bool par_config__store(struct par_config *cfg, int index, const char *text, char *reason_r,
                       size_t size)
{
    const struct par_config__key *k = &par_config__keys[index];
    void *field = (char *)cfg + k->offset;

    reason_r[0] = 0;
    switch (k->type) {
    case PAR_CONFIG__INT:
        return store_int(field, k, text, reason_r, size);
    case PAR_CONFIG__BOOL:
        return store_bool(field, text, reason_r, size);
    case PAR_CONFIG__STR:
        return store_str(cfg, field, k, text, reason_r, size);
    case PAR_CONFIG__WORD:
        return store_word(field, index, text, reason_r, size);
    }
    return false;
}

const char *par_config__text(const struct par_config *cfg, int index, char *buf, size_t size)
{
    const struct par_config__key *k = &par_config__keys[index];
    const void *field = (const char *)cfg + k->offset;

    switch (k->type) {
    case PAR_CONFIG__INT:
        snprintf(buf, size, "%" PRId64, __atomic_load_n((const int64_t *)field, __ATOMIC_RELAXED));
        return buf;
    case PAR_CONFIG__BOOL:
        return __atomic_load_n((const bool *)field, __ATOMIC_RELAXED) ? "true" : "false";
    case PAR_CONFIG__STR:
    case PAR_CONFIG__WORD:
        break;
    }
    return __atomic_load_n((const char *const *)field, __ATOMIC_RELAXED);
}
