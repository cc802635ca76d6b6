/* Many owners of one partition, one after the other and at the same time, on a store that lands
 * rows in any order: what they leave and what they tell is what one writer that nothing happened
 * to makes of the same log. PARLEY_SEED repeats a run, PARLEY_RUNS makes more. */
#include "conv/test_cluster.h"
#include "conv/test_draw.h"

#include "base/log_guard.h"
#include "base/rules.h"
#include "conv/delivery_codec.h"
#include "conv/read.h"
#include "store/verify.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- what was told ---- */

/* A set of texts. */
struct told {
    char **line;
    size_t count, cap;
};

static void add(struct told *t, char *line)
{
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 256;
        t->line = realloc(t->line, t->cap * sizeof *t->line);
    }
    t->line[t->count++] = line;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void told_fini(struct told *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->line[i]);
    free(t->line);
}

/* Each thing once: a repetition is no difference. */
static void as_set(struct told *t)
{
    size_t n = 0;
    if (t->count > 0)
        qsort(t->line, t->count, sizeof *t->line, by_text);
    for (size_t i = 0; i < t->count; i++) {
        if (n > 0 && strcmp(t->line[n - 1], t->line[i]) == 0)
            free(t->line[i]);
        else
            t->line[n++] = t->line[i];
    }
    t->count = n;
}

static char *hex(const char *kind, uint64_t server, const void *bytes, size_t n)
{
    struct par_buf out = {0};
    par_buf_printf(&out, "%s %llu ", kind, (unsigned long long)server);
    for (size_t i = 0; i < n; i++)
        par_buf_printf(&out, "%02x", ((const uint8_t *)bytes)[i]);
    par_buf_add_u8(&out, 0);
    return (char *)out.data;
}

/* Answers, entries, events of membership and push jobs; not marks, which are merged by time. */
static struct told told_by(const struct cluster *c)
{
    struct told t = {0};
    for (size_t i = 0; i < c->sent_count; i++) {
        const struct sent *s = &c->sent[i];
        struct par_delivery d;
        struct par_arena arena = {0};
        if (!s->bytes) {
            char line[128];
            snprintf(line, sizeof line, "push %d %llu %llu %02x%02x", s->push.reason,
                     (unsigned long long)s->push.user, (unsigned long long)s->push.seq,
                     s->push.conv.id[7], s->push.conv.id[15]);
            add(&t, strdup(line));
            continue;
        }
        assert_true(cluster_decode(s, &arena, &d));
        if (d.kind == PAR_DELIVERY_ANSWER)
            add(&t, hex("answer", s->server, s->bytes, s->len));
        else if (d.kind == PAR_DELIVERY_ENTRY)
            add(&t, hex("entry", s->server, s->bytes, s->len));
        else if (d.kind == PAR_DELIVERY_CONV)
            add(&t, hex("conv", s->server, s->bytes, s->len));
        par_arena_fini(&arena);
    }
    as_set(&t);
    return t;
}

/* The newest mark event of each kind for each server, user and direct conversation (in a group
 * those are told who are in when merged events leave). */
static struct told marks_told_by(const struct cluster *c)
{
    struct told t = {0};
    for (size_t i = 0; i < c->sent_count; i++) {
        struct par_delivery d;
        struct par_arena arena = {0};
        const struct sent *s = &c->sent[i];
        if (cluster_decode(s, &arena, &d) && d.kind == PAR_DELIVERY_MARK &&
            d.conv.kind == PAR_CONV_DIRECT) {
            char line[160];
            bool own = d.user_count == 1 && d.users[0] == d.user;
            int n = snprintf(line, sizeof line, "%s %llu %02x%02x %llu ", own ? "own" : "other",
                             (unsigned long long)s->server, d.conv.id[7], d.conv.id[15],
                             (unsigned long long)d.user);
            int key = n;
            snprintf(line + n, sizeof line - (size_t)n, "%06llu %06llu",
                     (unsigned long long)d.delivered, (unsigned long long)d.read);
            size_t k = 0;
            while (k < t.count && strncmp(t.line[k], line, (size_t)key) != 0)
                k++;
            if (k == t.count) {
                add(&t, strdup(line));
            } else if (strcmp(t.line[k], line) < 0) {
                free(t.line[k]);
                t.line[k] = strdup(line);
            }
        }
        par_arena_fini(&arena);
    }
    as_set(&t);
    return t;
}

static size_t syncs_of(const struct cluster *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->sent_count; i++) {
        struct par_delivery d;
        struct par_arena arena = {0};
        n += c->sent[i].bytes && cluster_decode(&c->sent[i], &arena, &d) &&
             d.kind == PAR_DELIVERY_SYNC;
        par_arena_fini(&arena);
    }
    return n;
}

static void assert_same_text(const char *have, const char *want)
{
    if (strcmp(have, want) == 0)
        return;
    const char *h = have, *w = want;
    while (*h && *w) {
        size_t hn = strcspn(h, "\n"), wn = strcspn(w, "\n");
        if (hn != wn || strncmp(h, w, hn) != 0)
            break;
        h += hn + (h[hn] != 0);
        w += wn + (w[wn] != 0);
    }
    fprintf(stderr, "have %.*s\nwant %.*s\n", (int)strcspn(h, "\n"), h, (int)strcspn(w, "\n"), w);
    fail();
}

static void assert_same_set(const struct told *have, const struct told *want)
{
    for (size_t i = 0; i < have->count || i < want->count; i++) {
        const char *h = i < have->count ? have->line[i] : "",
                   *w = i < want->count ? want->line[i] : "";
        if (strcmp(h, w) == 0)
            continue;
        fprintf(stderr, "told %s\nwant %s\n", h, w);
        fail();
    }
}

/* ---- a log, and what one writer makes of it ---- */

enum { LOG_MAX = 400 };

struct log {
    struct drawn drawn[LOG_MAX];
    struct model_answer want[LOG_MAX];
    size_t count;
    char *dump;
    struct told told, marks;
};

static bool of_rosters(enum par_command_kind kind)
{
    return (kind >= PAR_COMMAND_GROUP_ADD && kind <= PAR_COMMAND_GROUP_ROLE) ||
           kind == PAR_COMMAND_BLOCK || kind == PAR_COMMAND_UNBLOCK;
}

static void make_log(struct log *l, uint64_t seed, size_t count)
{
    static struct model m;
    draw_seed(seed);
    model_init(&m);
    l->count = count;
    /* Some logs are storms of members, some are about one conversation. */
    bool storm = seed % 3 == 0, hot = seed % 5 == 1;
    for (size_t i = 0; i < count; i++) {
        struct drawn *d = &l->drawn[i];
        if (i > 0 && draw_below(10) == 0)
            draw_again(d, &l->drawn[i - 1 - draw_below(i < 30 ? i : 30)]);
        else
            do
                draw_command(&m, d, i);
            while ((storm && draw_below(4) && !of_rosters(d->c.kind)) ||
                   (hot && draw_below(8) &&
                    !(d->c.kind <= PAR_COMMAND_REACT && par_conv_eq(&d->c.conv, &m.conv[0].id))));
        d->c.reply = (struct par_reply){.server = 7 + i % 2, .boot = 1, .handle = i + 1};
        l->want[i] = model_apply(&m, &d->c);
    }
    model_fini(&m);
}

static void append(struct cluster *c, const struct log *l, size_t n)
{
    for (size_t i = 0; i < n && test_log_end() < l->count; i++)
        (void)cluster_append(c, &l->drawn[test_log_end()].c);
}

/* The answers are those of the model. */
static void check_answers(const struct cluster *c, const struct log *l)
{
    size_t answers = 0;
    for (size_t i = 0; i < c->sent_count; i++) {
        struct par_delivery d;
        struct par_arena arena = {0};
        const struct sent *s = &c->sent[i];
        if (cluster_decode(s, &arena, &d) && d.kind == PAR_DELIVERY_ANSWER) {
            const struct model_answer *want = &l->want[d.reply.handle - 1];
            assert_int_equal(d.err, want->err);
            if (want->err == PAR_OK) {
                assert_int_equal(d.seq, want->seq);
                assert_int_equal(d.dup, want->dup);
            }
            answers++;
        }
        par_arena_fini(&arena);
    }
    assert_true(answers >= l->count);
}

static void reference(struct log *l, uint64_t seed, size_t count)
{
    struct cluster c;
    make_log(l, seed, count);
    cluster_init(&c, seed);
    append(&c, l, l->count);
    cluster_finish(&c, cluster_own(&c));
    assert_int_equal(par_writer_state(c.owner[0].writer, NULL), PAR_WRITER_RUNNING);
    check_answers(&c, l);
    l->dump = test_rows_dump();
    l->told = told_by(&c);
    l->marks = marks_told_by(&c);
    cluster_fini(&c);
}

static void log_fini(struct log *l)
{
    free(l->dump);
    told_fini(&l->told);
    told_fini(&l->marks);
}

static struct par_rules small_rules(void)
{
    return (struct par_rules){
        .version = 1, .window = 3, .ahead = 24, .checkpoint_commands = 7, .checkpoint_ms = 40};
}

/* ---- the property ---- */

static void draw_faults(struct cluster *c)
{
    static const uint32_t few[] = {0, 0, 5, 30, 120};
#define DRAW few[cluster_below(c, sizeof few / sizeof few[0])]
    test_rows_faults = (struct test_rows_faults){.row_lost = DRAW,
                                                 .row_late = DRAW,
                                                 .answer_lost = DRAW,
                                                 .swap_lost = DRAW,
                                                 .swap_late = DRAW,
                                                 .swap_unknown = DRAW,
                                                 .read_fails = DRAW};
    c->flush_fails = DRAW;
    test_log.bounds_fail = DRAW;
#undef DRAW
}

/* V1: at any moment a page is dense, ends no earlier than what was released before, and no text of
 * it was deleted within it. */
static void check_page(struct cluster *c, const struct log *l)
{
    const struct par_conv conv = l->drawn[cluster_below(c, l->count)].c.conv;
    uint64_t released = 0;
    if (conv.kind == PAR_CONV_NONE)
        return;
    for (size_t i = 0; i < c->sent_count; i++) {
        struct par_delivery d;
        struct par_arena arena = {0};
        const struct sent *s = &c->sent[i];
        if (s->bytes && s->confirmed && cluster_decode(s, &arena, &d) &&
            d.kind == PAR_DELIVERY_ENTRY && par_conv_eq(&d.conv, &conv) && d.entry->seq > released)
            released = d.entry->seq;
        par_arena_fini(&arena);
    }
    struct par_arena arena = {0};
    struct par_store *store = cluster_store(c);
    struct par_reader r = {.store = store, .arena = &arena, .page_bytes = 1 << 20};
    struct par_history_query q = {.conv = conv, .limit = 100};
    struct par_buf out = {0};
    struct par_json_out w = par_json_out(&out);
    par_json_open(&w);
    assert_int_equal(par_read_history(&r, 0, &q, &w), PAR_OK);
    par_json_close(&w);
    json_t *page = json_loadb((const char *)out.data, out.len, 0, NULL);
    json_t *entries = json_object_get(page, "entries"), *e;
    uint64_t last = (uint64_t)json_integer_value(json_object_get(page, "last_seq"));
    size_t i, n = json_array_size(entries);
    assert_true(last >= released && (n > 0) == (last > 0));
    json_array_foreach(entries, i, e)
    {
        uint64_t seq = (uint64_t)json_integer_value(json_object_get(e, "seq"));
        json_t *deleted = json_object_get(e, "deleted");
        assert_true(seq == last - n + 1 + i);
        assert_false(json_is_true(deleted) && json_object_get(e, "text"));
    }
    json_decref(page);
    par_buf_fini(&out);
    par_store_close(&store);
    par_arena_fini(&arena);
}

static void violation(void *arg, struct par_str line)
{
    (void)arg;
    fprintf(stderr, "verify: %.*s\n", PAR_STR_ARGS(line));
}

/* At any moment `verify` finds nothing but what may be there in part. */
static void check_store(struct cluster *c)
{
    struct par_store *store = cluster_store(c);
    struct par_verify_counts counts;
    assert_int_equal(par_store_verify(store, violation, NULL, &counts), PAR_OK);
    assert_int_equal(counts.violations, 0);
    par_store_close(&store);
}

/* Owners come, stand still, go on when others have gone on, and die; rows land when they like. */
static void disturb(struct cluster *c, const struct log *l)
{
    uint64_t dice = cluster_below(c, 1000);
    struct owner *o = &c->owner[cluster_below(c, c->owner_count)];
    if (dice < 60)
        append(c, l, 1 + cluster_below(c, 20));
    if (cluster_below(c, 1000) < c->landing)
        (void)test_rows_land();
    if (dice < 12 && c->owner_count < CLUSTER_OWNERS - 1)
        (void)cluster_own(c);
    if (dice >= 500 && dice < 530)
        o->held = !o->held;
    if (dice == 999 && o->writer)
        cluster_kill(c, o);
}

static void property(uint64_t seed)
{
    static struct log l;
    struct cluster c;
    l = (struct log){0};
    reference(&l, seed, 60 + seed % 140);
    cluster_init(&c, seed + 77);
    draw_faults(&c);
    static const uint32_t landing[] = {0, 3, 30, 250};
    c.room = seed % 4 == 0 ? 1 + seed % 5 : 0;
    c.landing = landing[cluster_below(&c, 4)];
    append(&c, &l, seed % 5 == 1 ? l.count : 1 + cluster_below(&c, 30));
    (void)cluster_own(&c);
    for (size_t i = 0; i < 4000; i++) {
        disturb(&c, &l);
        struct owner *o = &c.owner[cluster_below(&c, c.owner_count)];
        if (o->writer && !o->held)
            (void)cluster_step(&c, o);
        if (i % 10 == 0)
            cluster_pass(&c, cluster_below(&c, 20));
        if (i % 8 == 0)
            check_page(&c, &l);
        if (i % 128 == 0)
            check_store(&c);
    }
    /* Everything heals: the last owner works off what there is, the zombies go on, late rows land.
     */
    append(&c, &l, l.count);
    test_rows_faults = (struct test_rows_faults){0};
    c.flush_fails = test_log.bounds_fail = 0;
    struct owner *last = cluster_own(&c);
    for (size_t i = 0; i < 300; i++) {
        struct owner *o = &c.owner[cluster_below(&c, c.owner_count)];
        if (o->writer)
            (void)cluster_step(&c, o);
    }
    cluster_finish(&c, last);
    for (size_t i = 0; i < c.owner_count; i++)
        if (c.owner[i].writer) {
            cluster_finish(&c, &c.owner[i]);
            assert_int_not_equal(par_writer_state(c.owner[i].writer, NULL), PAR_WRITER_HALTED);
        }
    while (test_rows_land())
        ;
    assert_int_equal(par_writer_state(last->writer, NULL), PAR_WRITER_RUNNING);
    check_answers(&c, &l);
    check_store(&c);
    char *dump = test_rows_dump();
    struct told told = told_by(&c), marks = marks_told_by(&c);
    assert_same_text(dump, l.dump);
    assert_same_set(&told, &l.told);
    if (syncs_of(&c) == 0)
        assert_same_set(&marks, &l.marks);
    told_fini(&marks);
    told_fini(&told);
    free(dump);
    cluster_fini(&c);
    log_fini(&l);
}

static void rows_and_releases_are_those_of_one_writer(void **state)
{
    (void)state;
    uint64_t first = number("PARLEY_SEED", 1), runs = number("PARLEY_RUNS", 60);
    struct par_rules kept = par_rules;
    par_rules = small_rules();
    for (uint64_t seed = first; seed < first + runs; seed++) {
        if (getenv("PARLEY_SEED") || getenv("PARLEY_RUNS"))
            fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
        property(seed);
    }
    par_rules = kept;
}

int main(void)
{
    cluster_plant();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_releases_are_those_of_one_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
