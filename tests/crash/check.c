/* What was told, row by row. */
#include "check.h"

#include "store/export.h"
#include "store/key.h"
#include "store/record.h"
#include "store/verify.h"

#include <dirent.h>
#include <stdio.h>

static const char *const kinds[] = {
#define X(name, number, text) [PAR_ENTRY_##name] = text,
#include "parley/tbl/entry_kinds.h"
#undef X
};

struct check {
    struct par_store *store;
    const struct crash_told *told;
    struct par_buf row;
    char *why;
    enum crash_verdict verdict;
};

static void found(struct check *c, enum crash_verdict verdict, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void found(struct check *c, enum crash_verdict verdict, const char *fmt, ...)
{
    va_list args;
    if (c->verdict != CRASH_GOOD)
        return;
    c->verdict = verdict;
    va_start(args, fmt);
    vsnprintf(c->why, 1024, fmt, args);
    va_end(args);
}

/* The value of a row that must be there. */
static bool row(struct check *c, enum par_table table, struct par_key key, struct par_str *value_r)
{
    par_buf_clear(&c->row);
    int n = par_store_get(c->store, table, par_key_str(&key), &c->row);
    *value_r = par_buf_str(&c->row);
    if (n < 0)
        found(c, CRASH_UNREADABLE, "a row of %s cannot be read", par_table_name(table));
    if (n == 0)
        found(c, CRASH_LOST,
              "told in record %llu: a row of %s is missing (%c, user %llu, seq %llu)",
              (unsigned long long)c->told->at, par_table_name(table), c->told->what,
              (unsigned long long)c->told->user, (unsigned long long)c->told->seq);
    return n == 1;
}

static bool entry(struct check *c, uint64_t seq, struct par_entry *e_r)
{
    struct par_str value;
    if (!row(c, PAR_T_ENTRIES, par_key_entry(&c->told->conv, seq), &value))
        return false;
    bool ok = par_entry_decode(value, e_r);
    if (!ok)
        found(c, CRASH_LOST, "entry %llu cannot be read", (unsigned long long)seq);
    return ok;
}

static void check_entry(struct check *c)
{
    const struct crash_told *t = c->told;
    struct par_entry e;
    struct par_cmid index;
    struct par_str value;
    if (!entry(c, t->seq, &e))
        return;
    bool changed = e.edited_seq != 0 || e.deleted_seq != 0;
    if (e.ts != t->ts || e.sender != t->user || strcmp(kinds[e.kind], t->word) != 0 ||
        (t->has_cmid && !par_str_eq(e.cmid, t->cmid)) ||
        (t->has_text && !changed && e.kind == PAR_ENTRY_TEXT && !par_str_eq(e.text, t->text)))
        found(c, CRASH_LOST, "entry %llu (%s) is another than was told in record %llu",
              (unsigned long long)t->seq, t->word, (unsigned long long)t->at);
    if (!t->has_cmid || !row(c, PAR_T_CMIDS, par_key_cmid(&t->conv, t->user, t->cmid), &value))
        return;
    if (!par_cmid_decode(value, &index) || index.seq != t->seq || index.ts != t->ts)
        found(c, CRASH_LOST, "the cmid of entry %llu leads elsewhere", (unsigned long long)t->seq);
}

static void check_change(struct check *c)
{
    const struct crash_told *t = c->told;
    struct par_entry e;
    if (!entry(c, t->target, &e))
        return;
    bool deletes = strcmp(t->word, "deleted") == 0;
    if (deletes ? e.deleted_seq == 0 : e.edited_seq < t->seq && e.deleted_seq == 0)
        found(c, CRASH_LOST, "entry %llu is not %s, as was told in record %llu",
              (unsigned long long)t->target, t->word, (unsigned long long)t->at);
}

static void check_mark(struct check *c)
{
    const struct crash_told *t = c->told;
    struct par_str value;
    struct par_mark mark;
    if (row(c, PAR_T_MARKS, par_key_mark(&t->conv, t->user), &value) &&
        (!par_mark_decode(value, &mark) || mark.delivered < t->delivered || mark.read < t->read))
        found(c, CRASH_LOST, "a mark went back behind what was told in record %llu",
              (unsigned long long)t->at);
}

static void check_user(struct check *c)
{
    struct par_str value;
    struct par_user user;
    struct par_name name;
    if (row(c, PAR_T_USERS, par_key_user(c->told->user), &value) &&
        (!par_user_decode(value, &user) || !par_str_is(user.name, c->told->word)))
        found(c, CRASH_LOST, "the account %s differs", c->told->word);
    if (row(c, PAR_T_NAMES, par_key_text(par_str(c->told->word)), &value) &&
        (!par_name_decode(value, &name) || name.user != c->told->user))
        found(c, CRASH_LOST, "the name %s is another's", c->told->word);
}

static void check_told(struct check *c)
{
    struct par_str ignored;
    switch (c->told->what) {
    case 'I':
        if (strcmp(par_store_incarnation(c->store), c->told->word) != 0)
            found(c, CRASH_LOST, "the store has another incarnation than was told in record %llu",
                  (unsigned long long)c->told->at);
        break;
    case 'U':
        check_user(c);
        break;
    case 'E':
        check_entry(c);
        break;
    case 'X':
        check_change(c);
        break;
    case 'M':
        check_mark(c);
        break;
    default:
        row(c, c->told->what == 'C' ? PAR_T_CONTACTS : PAR_T_BLOCKS,
            par_key_user_id(c->told->user, c->told->other), &ignored);
    }
}

static void violation(void *arg, struct par_str line)
{
    found(arg, CRASH_VIOLATION, "verify: %.*s", PAR_STR_ARGS(line));
}

const char *crash_verdict_name(enum crash_verdict verdict)
{
    static const char *const names[CRASH_VERDICTS] = {"good",    "lost",       "violation",
                                                      "refused", "unreadable", "died"};
    return names[verdict];
}

/* Makes the store of its copy, when that is asked for. */
static enum par_err make(const struct crash_question *q, const struct par_store_options *options,
                         struct par_buf *why)
{
    uint64_t rows;
    if (q->restore != NULL)
        return par_store_restore(q->restore, q->folder, why);
    if (q->import == NULL)
        return PAR_OK;
    FILE *in = fopen(q->import, "re");
    if (in == NULL) {
        par_buf_printf(why, "there is no file %s", q->import);
        return PAR_E_CONFLICT;
    }
    enum par_err err = par_store_import(options, in, &rows, why);
    fclose(in);
    return err;
}

/* True when nothing has come to the folder of a copy yet: a new store may be made there. */
static bool is_untouched(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    bool untouched = true;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        untouched = untouched && (entry->d_name[0] == '.' || strcmp(entry->d_name, "lock") == 0 ||
                                  strcmp(entry->d_name, "copying.new") == 0);
    if (dir != NULL)
        closedir(dir);
    return untouched;
}

enum crash_verdict crash_check(const struct crash_question *question, const struct crash_told *told,
                               size_t count, char why_r[1024])
{
    struct par_store_options options = {
        .path = question->folder, .cache_mb = 1, .write_buffer_mb = 1, .open_files = 64};
    struct check c = {.why = why_r};
    struct par_buf why = {0};
    struct par_verify_counts counts;
    why_r[0] = '\0';
    options.must_exist = question->copy && is_untouched(question->folder);
    enum par_err err = make(question, &options, &why);
    options.must_exist = options.must_exist && question->restore == NULL && !question->import;
    if (err == PAR_OK)
        err = par_store_open(&options, &c.store, &why);
    if (err != PAR_OK) {
        found(&c, CRASH_REFUSED, "%.*s", PAR_STR_ARGS(par_buf_str(&why)));
        return c.verdict;
    }
    /* What was told goes first: it says most. */
    for (size_t i = 0; i < count && c.verdict == CRASH_GOOD; i++) {
        c.told = &told[i];
        if (told[i].at < question->until && !(question->copy && told[i].what == 'I'))
            check_told(&c);
    }
    if (c.verdict == CRASH_GOOD && par_store_verify(c.store, violation, &c, &counts) != PAR_OK) {
        c.verdict = CRASH_GOOD;
        found(&c, CRASH_UNREADABLE, "verify could not read the store to its end");
    }
    if (c.verdict == CRASH_GOOD &&
        par_store_put(c.store, PAR_T_META, PAR_STR("probe"), PAR_STR("cut"), 0) != PAR_OUTCOME_OK)
        found(&c, CRASH_UNREADABLE, "the store takes no writes");
    return c.verdict;
}
