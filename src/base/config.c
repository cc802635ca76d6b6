/* Reading the configuration: defaults, then the file, then the options; and changes while running.
 */
#include "base/config.h"
#include "base/config_private.h"
#include "base/str.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The longest line of a file, newline apart; a longer one is an error, not cut. */
enum { MAX_LINE = 4500 };

struct loader {
    struct par_config *cfg;
    struct par_config_error *error;
    struct par_config__origin origin;
    FILE *file;
    char *text; /* the line as it was read */
    size_t room;
    int line;
    bool failed;
};

enum par_err par_config__refuse(struct par_config_error *error_r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(error_r->text, sizeof error_r->text, fmt, ap);
    va_end(ap);
    /* Whatever was quoted, the error is one line. */
    for (char *c = error_r->text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    return PAR_E_BAD_REQUEST;
}

void par_config__where(const struct par_config__origin *origin, int index, char *text_r,
                       size_t size)
{
    int where = origin->where[index];

    if (where > 0)
        snprintf(text_r, size, "%s:%d", origin->source->file, where);
    else
        snprintf(text_r, size, where < 0 ? "-o" : "default");
}

/* How many edits make one word of the other; words over 63 bytes are far from everything. */
static unsigned distance(const char *a, const char *b)
{
    size_t la = strlen(a);
    size_t lb = strlen(b);
    unsigned row[64];

    if (la > 63 || lb > 63)
        return 64;
    for (size_t j = 0; j <= lb; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= la; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= lb; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[lb];
}

/* The row whose full name is nearest to name, when it is near; -1 otherwise. */
static int nearest(const char *name)
{
    unsigned best = 4;
    int found = -1;

    for (int i = 0; i < PAR_CONFIG__KEYS; i++) {
        char full[128];
        snprintf(full, sizeof full, "%s.%s", par_config__keys[i].section, par_config__keys[i].key);
        unsigned d = distance(name, full);
        if (d < best) {
            best = d;
            found = i;
        }
    }
    return found;
}

/* A section with a key `properties` takes every other key into it, as a line name=value: for those
 * of a library. False: `name` is of no such section, or memory is refused. */
static bool add_property(struct par_config *cfg, const char *name, const char *value)
{
    for (int i = 0; i < PAR_CONFIG__KEYS; i++) {
        const struct par_config__key *k = &par_config__keys[i];
        size_t len = strlen(k->section);
        if (strcmp(k->key, "properties") != 0 || strncmp(name, k->section, len) != 0 ||
            name[len] != '.' || name[len + 1] == 0)
            continue;
        const char **field = (const char **)((char *)cfg + k->offset);
        size_t room = strlen(*field) + strlen(name + len + 1) + strlen(value) + 3;
        char *text = malloc(room);
        bool ok = text && room <= (size_t)k->max;
        if (ok) {
            snprintf(text, room, "%s%s=%s\n", *field, name + len + 1, value);
            ok = par_config__own(cfg, field, text);
        }
        free(text);
        return ok;
    }
    return false;
}

static enum par_err unknown(struct par_config_error *e, const char *where, const char *name)
{
    int near = nearest(name);

    if (near < 0)
        return par_config__refuse(e, "%s: there is no key %.80s (`parley help config` lists them)",
                                  where, name);
    return par_config__refuse(e, "%s: there is no key %.80s; did you mean %s.%s?", where, name,
                              par_config__keys[near].section, par_config__keys[near].key);
}

static enum par_err bad_value(struct par_config_error *e, const char *where, int index,
                              const char *value, const char *reason)
{
    return par_config__refuse(e, "%s: %s.%s: \"%.80s\" %s", where, par_config__keys[index].section,
                              par_config__keys[index].key, value, reason);
}

/* inih asks for a line here, so that lines can be counted, and those refused that it would cut. */
static char *next_line(char *text, int size, void *arg)
{
    struct loader *l = arg;
    ssize_t n = l->failed ? -1 : getline(&l->text, &l->room, l->file);

    if (n < 0)
        return NULL;
    l->line++;
    const char *wrong = n >= size ? "the line is too long" : NULL;
    if (memchr(l->text, 0, (size_t)n))
        wrong = "the line holds a byte 0";
    if (wrong) {
        l->failed = true;
        (void)par_config__refuse(l->error, "%s:%d: %s", l->origin.source->file, l->line, wrong);
        return NULL;
    }
    memcpy(text, l->text, (size_t)n + 1);
    return text;
}

static int take_pair(void *arg, const char *section, const char *key, const char *value)
{
    struct loader *l = arg;
    char where[300];
    char reason[200];
    int index = par_config__find(section, strlen(section), key);

    if (l->failed)
        return 0;
    l->failed = true;
    snprintf(where, sizeof where, "%s:%d", l->origin.source->file, l->line);
    if (index < 0) {
        char name[128];
        if (section[0] == 0)
            (void)par_config__refuse(l->error, "%s: %.80s stands before the first [section]", where,
                                     key);
        else {
            snprintf(name, sizeof name, "%s.%s", section, key);
            l->failed = !add_property(l->cfg, name, value);
            if (l->failed)
                (void)unknown(l->error, where, name);
        }
        return !l->failed;
    }
    if (l->origin.where[index] > 0) {
        (void)par_config__refuse(l->error, "%s: %s.%s is given twice, first on line %d: remove one",
                                 where, section, key, l->origin.where[index]);
        return 0;
    }
    if (!par_config__store(l->cfg, index, value, reason, sizeof reason)) {
        (void)bad_value(l->error, where, index, value, reason);
        return 0;
    }
    l->origin.where[index] = l->line;
    l->failed = false;
    return 1;
}

static enum par_err load_file(struct loader *l)
{
    const char *path = l->origin.source->file;

    l->file = fopen(path, "re");
    if (!l->file)
        return par_config__refuse(l->error, "--config %s: %s", path, strerror(errno));
    ini_use_stack = false;
    ini_allow_realloc = false;
    ini_initial_alloc = MAX_LINE + 2;
    ini_max_line = MAX_LINE + 2;
    ini_allow_multiline = false;
    ini_stop_on_first_error = true;
    int rc = ini_parse_stream(next_line, l, take_pair, l);
    bool unreadable = ferror(l->file);
    int error = errno;
    fclose(l->file);
    free(l->text);
    if (l->failed)
        return PAR_E_BAD_REQUEST;
    if (unreadable)
        return par_config__refuse(l->error, "--config %s: %s", path, strerror(error));
    if (rc != 0)
        return par_config__refuse(l->error, "%s:%d: neither [section] nor key = value", path,
                                  l->line);
    return PAR_OK;
}

/* Splits "section.key" at its last dot; the row, or -1. */
static int find_full(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? par_config__find(name, (size_t)(dot - name), dot + 1) : -1;
}

static enum par_err load_option(struct loader *l, int number, const char *option)
{
    const char *eq = strchr(option, '=');
    char name[128];
    char reason[200];

    if (!eq || eq == option || (size_t)(eq - option) >= sizeof name)
        return par_config__refuse(l->error, "-o %.80s: write it as -o section.key=value", option);
    snprintf(name, sizeof name, "%.*s", (int)(eq - option), option);
    int index = find_full(name);
    if (index < 0)
        return add_property(l->cfg, name, eq + 1) ? PAR_OK : unknown(l->error, "-o", name);
    if (!par_config__store(l->cfg, index, eq + 1, reason, sizeof reason))
        return bad_value(l->error, "-o", index, eq + 1, reason);
    l->origin.where[index] = -number;
    return PAR_OK;
}

static void set_defaults(struct par_config *cfg)
{
    memset(cfg, 0, sizeof *cfg);
    for (int i = 0; i < PAR_CONFIG__KEYS; i++) {
        const struct par_config__key *k = &par_config__keys[i];
        void *field = (char *)cfg + k->offset;

        switch (k->type) {
        case PAR_CONFIG__INT:
            *(int64_t *)field = k->def;
            break;
        case PAR_CONFIG__BOOL:
            *(bool *)field = k->def != 0;
            break;
        case PAR_CONFIG__STR:
            *(const char **)field = k->def_text;
            break;
        case PAR_CONFIG__WORD:
            *(const char **)field = k->def_text[0] ? par_config__word(i, k->def_text) : k->def_text;
            break;
        }
    }
}

enum par_err par_config_load(const struct par_config_source *source, struct par_config *cfg_r,
                             struct par_config_error *error_r)
{
    struct loader l = {.cfg = cfg_r, .error = error_r, .origin = {.source = source}};
    enum par_err err = PAR_OK;

    error_r->text[0] = 0;
    set_defaults(cfg_r);
    if (source->file)
        err = load_file(&l);
    for (size_t i = 0; err == PAR_OK && i < source->n_options; i++)
        err = load_option(&l, (int)i + 1, source->options[i]);
    if (err == PAR_OK)
        err = par_config__finish(cfg_r, &l.origin, error_r);
    if (err != PAR_OK)
        par_config_fini(cfg_r);
    return err;
}

void par_config_defaults(struct par_config *cfg_r)
{
    const struct par_config_source none = {0};
    struct par_config_error error;

    PAR_ASSERT(par_config_load(&none, cfg_r, &error) == PAR_OK);
}

void par_config_fini(struct par_config *cfg)
{
    for (size_t i = 0; i < cfg->_n_owned; i++)
        free(cfg->_owned[i]);
    free(cfg->_owned);
    memset(cfg, 0, sizeof *cfg);
}

void par_config_apply(struct par_config *live, const struct par_config *fresh,
                      par_config_changed_fn changed, void *arg)
{
    for (int i = 0; i < PAR_CONFIG__KEYS; i++) {
        const struct par_config__key *k = &par_config__keys[i];
        char old_buf[32];
        char new_buf[32];
        char full[128];
        char reason[200];
        const char *old_text = par_config__text(live, i, old_buf, sizeof old_buf);
        const char *new_text = par_config__text(fresh, i, new_buf, sizeof new_buf);

        if (strcmp(old_text, new_text) == 0)
            continue;
        bool applied = k->reload && par_config__store(live, i, new_text, reason, sizeof reason);
        snprintf(full, sizeof full, "%s.%s", k->section, k->key);
        if (changed)
            changed(arg, full, old_text, new_text, applied);
    }
}

enum par_err par_config_set(struct par_config *live, const char *key, const char *value,
                            struct par_config_error *error_r)
{
    char reason[200];
    int index = find_full(key);

    error_r->text[0] = 0;
    if (index < 0) {
        (void)unknown(error_r, "set", key);
        return PAR_E_NOT_FOUND;
    }
    if (!par_config__keys[index].reload) {
        (void)par_config__refuse(error_r, "set: %s takes a new value only when the server starts",
                                 key);
        return PAR_E_FORBIDDEN;
    }
    if (!par_config__store(live, index, value, reason, sizeof reason))
        return bad_value(error_r, "set", index, value, reason);
    return PAR_OK;
}
