/* Rules about what is read: for each, a small history that breaks it, and a near miss. */
#include "check/test_world.h"

static char line[2000];

/* A page of the direct conversation, read by user 2: entries from … to, all of user 1. */
static void page(int id, const char *query, unsigned from, unsigned to, unsigned first,
                 unsigned last, bool more, bool cursor)
{
    snprintf(line, sizeof line, "'op':'history','id':%d,'conv':'d.1.2'%s", id, query);
    ask(2, line);
    size_t n = (size_t)snprintf(line, sizeof line, "'entries':[");
    for (unsigned seq = from; seq && seq <= to; seq++)
        n += (size_t)snprintf(line + n, sizeof line - n, "%s%s", seq > from ? "," : "",
                              entry(seq, 1, false));
    n += (size_t)snprintf(line + n, sizeof line - n, "],'first_seq':%u,'last_seq':%u,'more':%s",
                          first, last, more ? "true" : "false");
    if (cursor)
        snprintf(line + n, sizeof line - n, ",'next_cursor':'%u'", 100 * from);
    ok(2, id, line);
}

static void same_entry(void **state)
{
    (void)state;
    begin();
    send_ask(1, 1);
    event(2, 1, 1);
    got(5, "'ev':'entry','conv':'d.1.2','seq':1,'ts':100,'from':'1','kind':'text','text':'m1',"
           "'cmid':'m1','reply_to':7");
    breaks(PAR_RULE_SAME_ENTRY);
    begin();
    send_ask(1, 1);
    event(2, 1, 1);
    got(5, "'ev':'entry','conv':'d.1.2','seq':1,'ts':100,'from':'1','kind':'text','text':'M1',"
           "'cmid':'m1'");
    breaks(PAR_RULE_SAME_ENTRY);
    begin();
    send_ask(1, 1);
    event(2, 1, 1);
    event(5, 1, 1);
    event(5, 1, 1);
    holds();
}

static void edit(void)
{
    ask(1, "'op':'edit','id':50,'conv':'d.1.2','seq':1,'cmid':'e','text':'E'");
}
static void edited(void)
{
    ok(1, 50, "'conv':'d.1.2','seq':2,'ts':200,'dup':false");
}
static void newest(const char *state)
{
    ask(2, "'op':'history','id':60,'conv':'d.1.2','before_seq':2");
    snprintf(line, sizeof line,
             "'entries':[{'conv':'d.1.2','seq':1,'ts':100,'from':'1','kind':'text'%s}],"
             "'first_seq':1,'last_seq':2,'more':false",
             state);
    ok(2, 60, line);
}

static void newest_state(void **state)
{
    (void)state;
    /* The first text after the edit was acked. */
    begin();
    sent(1, 1);
    edit();
    edited();
    newest(",'text':'m1'");
    breaks(PAR_RULE_NEWEST_STATE);
    /* An edited_seq whose text is another. */
    begin();
    sent(1, 1);
    edit();
    edited();
    newest(",'text':'F','edited_seq':2");
    breaks(PAR_RULE_NEWEST_STATE);
    begin();
    sent(1, 1);
    edit();
    edited();
    newest(",'text':'E','edited_seq':2");
    holds();
    /* Not yet acked when the read was asked. */
    begin();
    sent(1, 1);
    edit();
    ask(2, "'op':'history','id':60,'conv':'d.1.2','limit':1,'before_seq':2");
    edited();
    ok(2, 60,
       "'entries':[{'conv':'d.1.2','seq':1,'ts':100,'from':'1','kind':'text','text':'m1'}],"
       "'first_seq':1,'last_seq':1,'more':false");
    holds();
}

static void delete_it(void)
{
    ask(1, "'op':'delete','id':50,'conv':'d.1.2','seq':1,'cmid':'e'");
    ok(1, 50, "'conv':'d.1.2','seq':2,'ts':200,'dup':false");
}

static void deleted_text(void **state)
{
    (void)state;
    begin();
    sent(1, 1);
    delete_it();
    newest(",'text':'m1'");
    breaks(PAR_RULE_DELETED_TEXT);
    begin();
    sent(1, 1);
    delete_it();
    newest(",'text':'m1','deleted_seq':2");
    breaks(PAR_RULE_DELETED_TEXT);
    /* The text of an edit of it. */
    begin();
    sent(1, 1);
    edit();
    edited();
    ask(1, "'op':'delete','id':51,'conv':'d.1.2','seq':1,'cmid':'d'");
    ok(1, 51, "'conv':'d.1.2','seq':3,'ts':300,'dup':false");
    ask(2, "'op':'history','id':60,'conv':'d.1.2','after_seq':1");
    ok(2, 60,
       "'entries':[{'conv':'d.1.2','seq':2,'ts':200,'from':'1','kind':'edited','target':1,"
       "'text':'E'},{'conv':'d.1.2','seq':3,'ts':300,'from':'1','kind':'deleted','target':1}],"
       "'first_seq':1,'last_seq':3,'more':false,'next_cursor':'200'");
    breaks(PAR_RULE_DELETED_TEXT);
    /* On the page with its delete, though that was not acked. */
    begin();
    sent(1, 1);
    ask(1, "'op':'delete','id':50,'conv':'d.1.2','seq':1,'cmid':'e'");
    ask(2, "'op':'history','id':60,'conv':'d.1.2'");
    snprintf(line, sizeof line,
             "'entries':[%s,{'conv':'d.1.2','seq':2,'ts':200,'from':'1','kind':'deleted',"
             "'target':1}],'first_seq':1,'last_seq':2,'more':false",
             entry(1, 1, false));
    ok(2, 60, line);
    breaks(PAR_RULE_DELETED_TEXT);
    begin();
    sent(1, 1);
    delete_it();
    newest(",'deleted_seq':2");
    holds();
}

static void dense(void **state)
{
    (void)state;
    begin();
    sent(1, 1);
    sent(1, 2);
    sent(1, 3);
    ask(2, "'op':'history','id':1,'conv':'d.1.2'");
    snprintf(line, sizeof line, "'entries':[%s,%s],'first_seq':1,'last_seq':3,'more':false",
             entry(1, 1, false), entry(3, 1, false));
    ok(2, 1, line);
    breaks(PAR_RULE_DENSE);
    begin();
    sent(1, 1);
    got(2, "'ev':'entry','conv':'d.1.2','seq':9000000000,'ts':200,'from':'1','kind':'text',"
           "'text':'x'");
    breaks(PAR_RULE_DENSE);
    begin();
    sent(1, 1);
    sent(1, 2);
    page(1, "", 1, 2, 1, 2, false, false);
    holds();
}

static void ts_rises(void **state)
{
    (void)state;
    begin();
    sent(1, 1);
    send_ask(1, 2);
    ok(1, 12, "'conv':'d.1.2','seq':2,'ts':100,'dup':false");
    breaks(PAR_RULE_TS_RISES);
    begin();
    sent(1, 1);
    send_ask(1, 2);
    ok(1, 12, "'conv':'d.1.2','seq':2,'ts':101,'dup':false");
    holds();
}

static void pages(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        unsigned from, to, last;
        bool more, cursor, right;
    } cases[] = {
        {"", 2, 4, 4, true, true, false},                 /* fewer than limit */
        {",'limit':3", 2, 4, 4, true, true, true},        /* the newest */
        {",'limit':3", 2, 4, 4, false, true, false},      /* more is not told */
        {",'limit':3", 2, 4, 4, true, false, false},      /* no cursor */
        {",'limit':2", 2, 4, 4, true, true, false},       /* more than limit */
        {",'limit':3", 1, 3, 4, false, false, false},     /* not the newest */
        {",'after_seq':2", 3, 4, 4, false, true, true},   /* what comes after */
        {",'after_seq':2", 4, 4, 4, false, true, false},  /* one is left out */
        {",'after_seq':4", 0, 0, 4, false, false, true},  /* nothing newer */
        {",'after_seq':3", 0, 0, 4, false, false, false}, /* something newer */
        {",'after_seq':0,'limit':2", 1, 2, 4, true, false, true},
        {",'after_seq':0,'limit':2", 1, 2, 4, false, false, false},
        {",'before_seq':3", 1, 2, 4, false, false, true},
        {",'before_seq':3", 1, 3, 4, false, false, false}, /* not before */
        {",'before_seq':3", 1, 1, 4, false, false, false},
        {",'before_ts':300", 1, 2, 4, false, false, true},
        {",'before_ts':301", 1, 2, 4, false, false, false}, /* the third is before it */
        {",'before_ts':300", 1, 3, 4, false, false, false},
        {",'around_seq':2,'limit':2", 1, 2, 4, false, false, true},
        {",'around_seq':4,'limit':2", 1, 2, 4, false, false, false},
        {"", 0, 0, 4, false, false, false}, /* nothing at all */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        for (unsigned seq = 1; seq <= 4; seq++)
            sent(1, seq);
        page(1, cases[i].query, cases[i].from, cases[i].to, 1, cases[i].last, cases[i].more,
             cases[i].cursor);
        if (cases[i].right)
            holds();
        else
            breaks(PAR_RULE_PAGE);
    }
}

static void fresh(void **state)
{
    (void)state;
    begin();
    sent(1, 1);
    sent(1, 2);
    page(1, "", 1, 1, 1, 1, false, false);
    breaks(PAR_RULE_FRESH);
    /* Known by an event to another, too. */
    begin();
    send_ask(1, 1);
    event(5, 1, 1);
    ask(2, "'op':'history','id':1,'conv':'d.1.2'");
    ok(2, 1, "'entries':[],'first_seq':1,'last_seq':0,'more':false");
    breaks(PAR_RULE_FRESH);
    begin();
    sent(1, 1);
    ask(2, "'op':'history','id':1,'conv':'d.1.2'");
    sent(1, 2);
    snprintf(line, sizeof line, "'entries':[%s],'first_seq':1,'last_seq':1,'more':false",
             entry(1, 1, false));
    ok(2, 1, line);
    holds();
}

static void order(void **state)
{
    (void)state;
    begin();
    send_ask(1, 1);
    send_ask(1, 2);
    send_ok(1, 2);
    send_ok(1, 1);
    breaks(PAR_RULE_ANSWER_ORDER);
    begin();
    send_ask(1, 1);
    send_ask(1, 2);
    send_ok(1, 2);
    breaks(PAR_RULE_ANSWER_ORDER);
    /* About two conversations there is no order. */
    begin();
    ask(1, "'op':'send','id':1,'to':'3','cmid':'x','text':'x'");
    send_ask(1, 1);
    send_ok(1, 1);
    ok(1, 1, "'conv':'d.1.3','seq':1,'ts':100,'dup':false");
    holds();
}

static void effects(void **state)
{
    (void)state;
    begin();
    ask(1, "'op':'send','id':1,'to':'2','cmid':'a','text':'a'");
    ask(1, "'op':'send','id':2,'to':'2','cmid':'b','text':'b'");
    ok(1, 1, "'conv':'d.1.2','seq':2,'ts':200,'dup':false");
    ok(1, 2, "'conv':'d.1.2','seq':1,'ts':100,'dup':false");
    breaks(PAR_RULE_EFFECT_ORDER);
    /* A read behind a write does not see it; a write behind a read is seen by it. */
    begin();
    send_ask(1, 1);
    ask(1, "'op':'history','id':1,'conv':'d.1.2'");
    send_ok(1, 1);
    ok(1, 1, "'entries':[],'first_seq':1,'last_seq':0,'more':false");
    breaks(PAR_RULE_EFFECT_ORDER);
    begin();
    ask(1, "'op':'history','id':1,'conv':'d.1.2'");
    send_ask(1, 1);
    snprintf(line, sizeof line, "'entries':[%s],'first_seq':1,'last_seq':1,'more':false",
             entry(1, 1, true));
    ok(1, 1, line);
    send_ok(1, 1);
    breaks(PAR_RULE_EFFECT_ORDER);
    begin();
    send_ask(1, 1);
    ask(1, "'op':'history','id':1,'conv':'d.1.2'");
    send_ask(1, 2);
    send_ok(1, 1);
    ok(1, 1, line);
    send_ok(1, 2);
    holds();
}

static void answer_first(void **state)
{
    (void)state;
    begin();
    send_ask(1, 1);
    send_ask(2, 2);
    event(1, 2, 2);
    send_ok(1, 1);
    breaks(PAR_RULE_ANSWER_FIRST);
    begin();
    send_ask(1, 1);
    send_ask(2, 2);
    send_ok(1, 1);
    event(1, 2, 2);
    holds();
}

static void event_hole(void **state)
{
    (void)state;
    begin();
    sent(1, 1);
    sent(1, 2);
    sent(1, 3);
    event(2, 1, 1);
    event(2, 3, 1);
    breaks(PAR_RULE_EVENT_HOLE);
    /* The own answers fill; a sync event excuses; duplicates are nothing; so is where one begins.
     */
    begin();
    sent(1, 1);
    event(2, 1, 1);
    sent(2, 2);
    event(1, 2, 2);
    sent(1, 3);
    event(2, 3, 1);
    event(2, 3, 1);
    event(2, 1, 1);
    sent(1, 4);
    sent(1, 5);
    got(2, "'ev':'sync'");
    event(2, 5, 1);
    event(5, 4, 1);
    event(5, 5, 1);
    holds();
    /* One that a sync on the connection has told of. */
    for (unsigned last = 1; last <= 2; last++) {
        begin();
        sent(1, 1);
        sent(1, 2);
        sent(1, 3);
        ask(2, "'op':'sync','id':90");
        event(2, 1, 1);
        snprintf(line, sizeof line,
                 "'conversations':[{'conv':'d.1.2','kind':'direct','name':'','last_seq':%u,"
                 "'last_entry':%s,'member':true,'member_count':2,'unread':%u,'delivered':0,"
                 "'read':0,'others':{'delivered':0,'read':0}}],'sync_token':'t'",
                 last + 1, entry(last + 1, 1, false), last + 1);
        if (last == 2)
            ok(2, 90, line);
        event(2, 3, 1);
        if (last == 2)
            holds();
        else
            breaks(PAR_RULE_EVENT_HOLE);
    }
    begin_with("'healing_ms':1,'presence_ms':1,'silence':true,'whole':true,'push':true");
    sent(1, 1);
    sent(1, 2);
    sent(1, 3);
    event(2, 1, 1);
    event(2, 3, 1);
    holds();
}

static void foreign_cmid(void **state)
{
    (void)state;
    begin();
    sent(1, 1);
    got(2, "'ev':'entry','conv':'d.1.2','seq':1,'ts':100,'from':'1','kind':'text','text':'m1',"
           "'cmid':'m1'");
    breaks(PAR_RULE_FOREIGN_CMID);
    begin();
    sent(1, 1);
    got(5, "'ev':'entry','conv':'d.1.2','seq':1,'ts':100,'from':'1','kind':'text','text':'m1'");
    breaks(PAR_RULE_FOREIGN_CMID);
    begin();
    sent(1, 1);
    event(2, 1, 1);
    event(5, 1, 1);
    holds();
}

static void not_theirs(void **state)
{
    (void)state;
    static const char created[] =
        "{'conv':'g.1','seq':1,'ts':100,'from':'1','kind':'created','text':'G',"
        "'users':['1','2','3'],'history':'all'}";
    /* An event to one who is not in. */
    begin();
    sent(1, 1);
    got(3, "'ev':'entry','conv':'d.1.2','seq':1,'ts':100,'from':'1','kind':'text','text':'m1'");
    breaks(PAR_RULE_NOT_THEIRS);
    /* A page. */
    begin();
    group();
    ask(4, "'op':'history','id':1,'conv':'g.1'");
    snprintf(line, sizeof line, "'entries':[%s],'first_seq':1,'last_seq':1,'more':false", created);
    ok(4, 1, line);
    breaks(PAR_RULE_NOT_THEIRS);
    /* One who was removed gets the entry that did it, and no more. */
    begin();
    group();
    ask(1, "'op':'group.remove','id':2,'conv':'g.1','users':['2'],'cmid':'x'");
    ok(1, 2, "'conv':'g.1','seq':2,'ts':200,'dup':false");
    got(2, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1','kind':'member_removed',"
           "'users':['2']");
    holds();
    begin();
    group();
    ask(1, "'op':'group.remove','id':2,'conv':'g.1','users':['2'],'cmid':'x'");
    ok(1, 2, "'conv':'g.1','seq':2,'ts':200,'dup':false");
    got(2, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1','kind':'member_removed',"
           "'users':['2']");
    ask(1, "'op':'send','id':3,'conv':'g.1','cmid':'y','text':'y'");
    ok(1, 3, "'conv':'g.1','seq':3,'ts':300,'dup':false");
    got(2, "'ev':'entry','conv':'g.1','seq':3,'ts':300,'from':'1','kind':'text','text':'y'");
    breaks(PAR_RULE_NOT_THEIRS);
    /* Marks, typing and members. */
    begin();
    group();
    got(4, "'ev':'mark','conv':'g.1','user':'2','delivered':0,'read':0");
    breaks(PAR_RULE_NOT_THEIRS);
    begin();
    group();
    got(4, "'ev':'typing','conv':'g.1','user':'2','on':true");
    breaks(PAR_RULE_NOT_THEIRS);
    begin();
    group();
    got(3, "'ev':'typing','conv':'g.1','user':'2','on':true");
    got(3, "'ev':'mark','conv':'g.1','user':'2','delivered':0,'read':0");
    holds();
}

/* Who is out does not read what a text became later; it comes without. */
static void edited_when_out(void **state)
{
    (void)state;
    for (int shown = 0; shown <= 1; shown++) {
        begin();
        group();
        ask(1, "'op':'send','id':2,'conv':'g.1','cmid':'a','text':'first'");
        ok(1, 2, "'conv':'g.1','seq':2,'ts':200,'dup':false");
        for (int conn = 2; conn <= 3; conn++)
            got((unsigned)conn, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1',"
                                "'kind':'text','text':'first'");
        ask(1, "'op':'group.remove','id':3,'conv':'g.1','users':['2'],'cmid':'b'");
        ok(1, 3, "'conv':'g.1','seq':3,'ts':300,'dup':false");
        got(3, "'ev':'entry','conv':'g.1','seq':3,'ts':300,'from':'1','kind':'member_removed',"
               "'users':['2']");
        ask(1, "'op':'edit','id':4,'conv':'g.1','seq':2,'cmid':'c','text':'later'");
        ok(1, 4, "'conv':'g.1','seq':4,'ts':400,'dup':false");
        got(3, "'ev':'entry','conv':'g.1','seq':4,'ts':400,'from':'1','kind':'edited','target':2,"
               "'text':'later'");
        ask(2, "'op':'history','id':1,'conv':'g.1','before_seq':3,'limit':1");
        snprintf(line, sizeof line,
                 "'entries':[{'conv':'g.1','seq':2,'ts':200,'from':'1','kind':'text',%s"
                 "'edited_seq':4}],'first_seq':1,'last_seq':3,'more':true,'next_cursor':'200'",
                 shown ? "'text':'later'," : "");
        ok(2, 1, line);
        if (shown)
            breaks(PAR_RULE_NOT_THEIRS);
        else
            holds();
    }
}

/* Whether the text is there depends on when the page was read: they were added again meanwhile. */
static void edited_while_out(void **state)
{
    (void)state;
    for (int shown = 0; shown <= 1; shown++) {
        begin();
        group();
        ask(1, "'op':'send','id':2,'conv':'g.1','cmid':'a','text':'first'");
        ok(1, 2, "'conv':'g.1','seq':2,'ts':200,'dup':false");
        got(3, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1','kind':'text',"
               "'text':'first'");
        ask(1, "'op':'group.remove','id':3,'conv':'g.1','users':['2'],'cmid':'b'");
        ok(1, 3, "'conv':'g.1','seq':3,'ts':300,'dup':false");
        got(3, "'ev':'entry','conv':'g.1','seq':3,'ts':300,'from':'1','kind':'member_removed',"
               "'users':['2']");
        ask(1, "'op':'edit','id':4,'conv':'g.1','seq':2,'cmid':'c','text':'later'");
        ok(1, 4, "'conv':'g.1','seq':4,'ts':400,'dup':false");
        got(3, "'ev':'entry','conv':'g.1','seq':4,'ts':400,'from':'1','kind':'edited','target':2,"
               "'text':'later'");
        ask(2, "'op':'history','id':1,'conv':'g.1','before_seq':3,'limit':1");
        ask(1, "'op':'group.add','id':5,'conv':'g.1','users':['2'],'cmid':'d'");
        snprintf(line, sizeof line,
                 "'entries':[{'conv':'g.1','seq':2,'ts':200,'from':'1','kind':'text',%s"
                 "'edited_seq':4}],'first_seq':1,'last_seq':%d,'more':true,'next_cursor':'200'",
                 shown ? "'text':'later'," : "", shown ? 5 : 3);
        ok(2, 1, line);
        ok(1, 5, "'conv':'g.1','seq':5,'ts':500,'dup':false");
        got(3, "'ev':'entry','conv':'g.1','seq':5,'ts':500,'from':'1','kind':'member_added',"
               "'users':['2']");
        holds();
    }
}

/* A mark that is told again to one who is out since then is late; one that moved later is not
 * theirs. */
static void marks_that_come_again(void **state)
{
    (void)state;
    for (int later = 0; later <= 1; later++) {
        begin();
        group();
        for (int i = 0; i <= 1; i++) {
            if (i == later) {
                ask(3, "'op':'ack','id':7,'read':{'g.1':1}");
                ok(3, 7, "");
            } else {
                ask(1, "'op':'group.remove','id':2,'conv':'g.1','users':['2'],'cmid':'x'");
                ok(1, 2, "'conv':'g.1','seq':2,'ts':200,'dup':false");
                got(3, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1',"
                       "'kind':'member_removed','users':['2']");
            }
        }
        add("'e':'open','conn':9,'device':'b','via':'ws'");
        ask(9, "'op':'hello','id':1");
        ok(9, 1, "'user':{'id':'2'}");
        got(9, "'ev':'mark','conv':'g.1','user':'3','delivered':1,'read':1");
        if (later)
            breaks(PAR_RULE_NOT_THEIRS);
        else
            holds();
    }
}

static void joined_only(void **state)
{
    (void)state;
    for (int first = 1; first <= 2; first++) {
        begin();
        ask(1, "'op':'group.create','id':1,'name':'G','members':['2'],'cmid':'g',"
               "'history':'joined'");
        ok(1, 1, "'conv':'g.1','seq':1,'ts':100,'dup':false");
        ask(1, "'op':'group.add','id':2,'conv':'g.1','users':['3'],'cmid':'x'");
        ok(1, 2, "'conv':'g.1','seq':2,'ts':200,'dup':false");
        got(2, "'ev':'entry','conv':'g.1','seq':1,'ts':100,'from':'1','kind':'created',"
               "'text':'G','users':['1','2'],'history':'joined'");
        got(2, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1','kind':'member_added',"
               "'users':['3']");
        ask(3, "'op':'history','id':1,'conv':'g.1','after_seq':1");
        snprintf(line, sizeof line,
                 "'entries':[{'conv':'g.1','seq':2,'ts':200,'from':'1','kind':'member_added',"
                 "'users':['3']}],'first_seq':%d,'last_seq':2,'more':false%s",
                 first, first == 1 ? ",'next_cursor':'200'" : "");
        ok(3, 1, line);
        if (first == 1)
            breaks(PAR_RULE_NOT_THEIRS);
        else
            holds();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_entry),      cmocka_unit_test(newest_state),
        cmocka_unit_test(deleted_text),    cmocka_unit_test(dense),
        cmocka_unit_test(ts_rises),        cmocka_unit_test(pages),
        cmocka_unit_test(fresh),           cmocka_unit_test(order),
        cmocka_unit_test(effects),         cmocka_unit_test(answer_first),
        cmocka_unit_test(event_hole),      cmocka_unit_test(foreign_cmid),
        cmocka_unit_test(not_theirs),      cmocka_unit_test(marks_that_come_again),
        cmocka_unit_test(edited_when_out), cmocka_unit_test(edited_while_out),
        cmocka_unit_test(joined_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
