/* The small language of test_world.h. */
#include "check/test_world.h"

static struct par_buf text;
static int64_t now;

static void quoted(const char *s)
{
    for (; *s; s++)
        par_buf_add_u8(&text, *s == '\'' ? '"' : (uint8_t)*s);
}

void add(const char *members)
{
    par_buf_printf(&text, "{\"t\":%lld,", (long long)now++);
    quoted(members);
    par_buf_addz(&text, "}\n");
}

void at(int64_t t)
{
    now = t;
}

void begin_with(const char *members)
{
    par_buf_clear(&text);
    now = 1;
    char line[200];
    snprintf(line, sizeof line, "'e':'begin','version':1,%s", members);
    add(line);
    for (unsigned user = 1; user <= 4; user++) {
        snprintf(line, sizeof line, "'e':'user','user':'%u'", user);
        add(line);
        snprintf(line, sizeof line, "'e':'device','device':'%c','user':'%u'", 'a' + (char)user - 1,
                 user);
        add(line);
        snprintf(line, sizeof line, "'e':'open','conn':%u,'device':'%c','via':'ws'", user,
                 'a' + (char)user - 1);
        add(line);
    }
    add("'e':'device','device':'e','user':'1'");
    add("'e':'open','conn':5,'device':'e','via':'ws'");
}

void begin(void)
{
    begin_with("'healing_ms':1000,'presence_ms':100,'silence':false,'whole':true,'push':true");
}

static void frame_line(const char *kind, unsigned conn, const char *more, const char *frame)
{
    char line[2000];
    snprintf(line, sizeof line, "'e':'%s','conn':%u%s,'frame':{%s}", kind, conn, more, frame);
    add(line);
}

void ask(unsigned conn, const char *frame)
{
    frame_line("ask", conn, "", frame);
}

void got(unsigned conn, const char *frame)
{
    frame_line("got", conn, "", frame);
}

void call(unsigned conn, const char *device, const char *frame)
{
    char more[100];
    snprintf(more, sizeof more, ",'device':'%s','via':'op'", device);
    frame_line("ask", conn, more, frame);
}

void ok(unsigned conn, int id, const char *members)
{
    char frame[1800];
    snprintf(frame, sizeof frame, "'re':%d,'ok':{%s}", id, members);
    got(conn, frame);
}

void refused(unsigned conn, int id, const char *code, bool retry)
{
    char frame[300];
    snprintf(frame, sizeof frame,
             "'re':%d,'error':{'code':'%s','message':'','retry':%s,'retry_after_ms':0}", id, code,
             retry ? "true" : "false");
    got(conn, frame);
}

void send_ask(unsigned conn, unsigned seq)
{
    char frame[200];
    snprintf(frame, sizeof frame, "'op':'send','id':%u,'to':'%u','cmid':'m%u','text':'m%u'",
             10 + seq, conn == 2 ? 1 : 2, seq, seq);
    ask(conn, frame);
}

void send_ok(unsigned conn, unsigned seq)
{
    char members[200];
    snprintf(members, sizeof members, "'conv':'d.1.2','seq':%u,'ts':%u,'dup':false", seq,
             100 * seq);
    ok(conn, 10 + (int)seq, members);
}

void sent(unsigned conn, unsigned seq)
{
    send_ask(conn, seq);
    send_ok(conn, seq);
}

const char *entry(unsigned seq, unsigned from, bool own)
{
    static char kept[8][200];
    static unsigned turn;
    char *e = kept[turn++ % 8];
    char cmid[40] = "";
    if (own)
        snprintf(cmid, sizeof cmid, ",'cmid':'m%u'", seq);
    snprintf(e, sizeof kept[0],
             "{'conv':'d.1.2','seq':%u,'ts':%u,'from':'%u','kind':'text','text':'m%u'%s}", seq,
             100 * seq, from, seq, cmid);
    return e;
}

void event(unsigned conn, unsigned seq, unsigned from)
{
    char frame[300];
    bool own = (conn == 5 ? 1 : conn) == from;
    snprintf(frame, sizeof frame, "'ev':'entry',%s", entry(seq, from, own) + 1);
    frame[strlen(frame) - 1] = 0;
    got(conn, frame);
}

void group(void)
{
    ask(1, "'op':'group.create','id':1,'name':'G','members':['2','3'],'cmid':'g'");
    ok(1, 1, "'conv':'g.1','seq':1,'ts':100,'dup':false");
    got(2, "'ev':'entry','conv':'g.1','seq':1,'ts':100,'from':'1','kind':'created','text':'G',"
           "'users':['1','2','3'],'history':'all'");
    got(3, "'ev':'entry','conv':'g.1','seq':1,'ts':100,'from':'1','kind':'created','text':'G',"
           "'users':['1','2','3'],'history':'all'");
}

static struct par_check *run(struct par_str history)
{
    struct par_check *c = par_check_new();
    assert_non_null(c);
    uint32_t line;
    if (!par_check_feed(c, history))
        fail_msg("line %u: %s", (par_check_fault(c, &line), line), par_check_fault(c, &line));
    par_check_finish(c);
    assert_string_equal(par_check_fault(c, &line), "");
    return c;
}

static void drop(struct par_check *c)
{
    par_check_free(&c);
    par_buf_fini(&text);
}

void breaks(enum par_rule rule)
{
    struct par_check *c = run(par_buf_str(&text));
    struct par_buf report = {0};
    par_check_report(c, &report);
    if (par_check_count(c, rule) == 0)
        fail_msg("%s should be broken; report:\n%.*s\nhistory:\n%.*s", par_rule_name(rule),
                 (int)report.len, report.data ? (char *)report.data : "", (int)text.len,
                 (char *)text.data);
    assert_true(report.len > 0);
    par_buf_fini(&report);
    drop(c);
}

void holds(void)
{
    struct par_buf report = {0};
    if (any_broken(par_buf_str(&text), &report))
        fail_msg("nothing should be broken:\n%.*s", (int)report.len, (char *)report.data);
    par_buf_fini(&report);
    par_buf_fini(&text);
}

struct par_str history_text(void)
{
    return par_buf_str(&text);
}

bool any_broken(struct par_str history, struct par_buf *report)
{
    struct par_check *c = run(history);
    par_check_report(c, report);
    bool broken = par_check_violation(c, 0) != NULL;
    par_check_free(&c);
    return broken;
}
