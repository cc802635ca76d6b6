/* Rules about marks, settings and rows: for each, a history that breaks it, and a near miss. */
#include "check/test_world.h"

static char line[2000];

/* A row of user 1's or 2's sync of the direct conversation; last_entry is of user 1. */
static void sync_row(unsigned conn, int id, unsigned last, const char *more)
{
    snprintf(line, sizeof line, "'op':'sync','id':%d", id);
    ask(conn, line);
    snprintf(line, sizeof line,
             "'conversations':[{'conv':'d.1.2','kind':'direct','name':'','last_seq':%u,"
             "'last_entry':%s,'member':true,'member_count':2,%s}],'sync_token':'t%d'",
             last, entry(last, 1, conn != 2), more, id);
    ok(conn, id, line);
}

static void marks_back(void **state)
{
    (void)state;
    const char *none = "'unread':2,'delivered':0,'read':0,'others':{'delivered':0,'read':0}";
    const char *one = "'unread':2,'delivered':1,'read':0,'others':{'delivered':0,'read':0}";
    /* An answered ack that moved nothing. */
    begin();
    sent(1, 1);
    sent(1, 2);
    ask(2, "'op':'ack','id':1,'delivered':{'d.1.2':1}");
    ok(2, 1, "");
    sync_row(2, 2, 2, none);
    breaks(PAR_RULE_MARKS_BACK);
    /* A mark that was seen higher. */
    begin();
    sent(1, 1);
    sent(1, 2);
    ask(2, "'op':'ack','id':1,'delivered':{'d.1.2':1}");
    sync_row(2, 2, 2, one);
    sync_row(2, 3, 2, none);
    breaks(PAR_RULE_MARKS_BACK);
    /* Going back from event to event. */
    begin();
    sent(1, 1);
    sent(1, 2);
    ask(2, "'op':'ack','id':1,'delivered':{'d.1.2':2}");
    got(1, "'ev':'mark','conv':'d.1.2','user':'2','delivered':2,'read':0");
    got(1, "'ev':'mark','conv':'d.1.2','user':'2','delivered':1,'read':0");
    breaks(PAR_RULE_MARKS_BACK);
    /* Asked, not answered: it may be either. */
    begin();
    sent(1, 1);
    sent(1, 2);
    ask(2, "'op':'ack','id':1,'delivered':{'d.1.2':1}");
    sync_row(2, 2, 2, none);
    sync_row(2, 3, 2, one);
    got(1, "'ev':'mark','conv':'d.1.2','user':'2','delivered':1,'read':0");
    ok(2, 1, "");
    holds();
}

static void marks_bound(void **state)
{
    (void)state;
    for (int others = 1; others <= 2; others++) {
        begin();
        sent(1, 1);
        sent(1, 2);
        ask(2, "'op':'ack','id':1,'delivered':{'d.1.2':2}");
        ok(2, 1, "");
        ask(1, "'op':'sync','id':90");
        sent(1, 3);
        snprintf(line, sizeof line,
                 "'conversations':[{'conv':'d.1.2','kind':'direct','name':'','last_seq':%d,"
                 "'last_entry':%s,'member':true,'member_count':2,'unread':0,'delivered':0,"
                 "'read':0,'others':{'delivered':%d,'read':0}}],'sync_token':'t'",
                 2, entry(2, 1, true), others + 1);
        ask(2, "'op':'ack','id':2,'delivered':{'d.1.2':3}");
        ok(2, 2, "");
        ok(1, 90, line);
        if (others == 1)
            holds();
        else
            breaks(PAR_RULE_MARKS_BOUND);
    }
    begin();
    sent(1, 1);
    ask(2, "'op':'ack','id':1,'delivered':{'d.1.2':1},'read':{'d.1.2':1}");
    got(1, "'ev':'mark','conv':'d.1.2','user':'2','delivered':0,'read':1");
    breaks(PAR_RULE_MARKS_BOUND);
    begin();
    sent(1, 1);
    ask(2, "'op':'ack','id':1,'delivered':{'d.1.2':9}");
    got(1, "'ev':'mark','conv':'d.1.2','user':'2','delivered':9,'read':0");
    breaks(PAR_RULE_MARKS_BOUND);
    begin();
    sent(1, 1);
    ask(2, "'op':'ack','id':1,'read':{'d.1.2':9}");
    got(1, "'ev':'mark','conv':'d.1.2','user':'2','delivered':1,'read':1");
    ok(2, 1, "");
    holds();
}

static void marks_invented(void **state)
{
    (void)state;
    begin();
    sent(1, 1);
    got(1, "'ev':'mark','conv':'d.1.2','user':'2','delivered':1,'read':0");
    breaks(PAR_RULE_MARKS_INVENTED);
    begin();
    sent(1, 1);
    ask(2, "'op':'ack','id':1,'delivered':{'d.1.2':1}");
    got(1, "'ev':'mark','conv':'d.1.2','user':'2','delivered':1,'read':1");
    breaks(PAR_RULE_MARKS_INVENTED);
    /* Who joins a group begins with the marks below the own entry. */
    begin();
    group();
    ask(1, "'op':'group.add','id':2,'conv':'g.1','users':['4'],'cmid':'x'");
    ok(1, 2, "'conv':'g.1','seq':2,'ts':200,'dup':false");
    got(2, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1','kind':'member_added',"
           "'users':['4']");
    ask(2, "'op':'members','id':1,'conv':'g.1'");
    ok(2, 1,
       "'members':[{'user':'1','role':'owner','joined_seq':1,'delivered':0,'read':0},"
       "{'user':'2','role':'member','joined_seq':1,'delivered':0,'read':0},"
       "{'user':'3','role':'member','joined_seq':1,'delivered':0,'read':0},"
       "{'user':'4','role':'member','joined_seq':2,'delivered':1,'read':1}]");
    holds();
}

static void hidden_read(void **state)
{
    (void)state;
    for (int hidden = 0; hidden <= 1; hidden++) {
        begin();
        sent(1, 1);
        ask(2, hidden ? "'op':'me.set','id':1,'show_read':false" : "'op':'me.set','id':1");
        ok(2, 1, "");
        at(2000);
        ask(2, "'op':'ack','id':2,'read':{'d.1.2':1}");
        got(1, "'ev':'mark','conv':'d.1.2','user':'2','delivered':1,'read':1");
        if (hidden)
            breaks(PAR_RULE_HIDDEN_READ);
        else
            holds();
    }
    /* The own devices see it; what was read before stays shown. */
    begin();
    sent(1, 1);
    sent(1, 2);
    ask(2, "'op':'ack','id':1,'read':{'d.1.2':1}");
    ask(2, "'op':'me.set','id':2,'show_read':false");
    ok(2, 2, "");
    at(2000);
    ask(2, "'op':'ack','id':3,'read':{'d.1.2':2}");
    got(1, "'ev':'mark','conv':'d.1.2','user':'2','delivered':2,'read':1");
    sync_row(2, 4, 2, "'unread':0,'delivered':2,'read':2,'others':{'delivered':0,'read':0}");
    holds();
}

static void hello(unsigned conn, const char *user)
{
    ask(conn, "'op':'hello','id':90");
    snprintf(line, sizeof line, "'user':{'id':'%s'},'device':'x'", user);
    ok(conn, 90, line);
}

static void signed_in_as_another(void **state)
{
    (void)state;
    begin();
    hello(2, "1");
    breaks(PAR_RULE_NOT_THEIRS);
    begin();
    hello(2, "2");
    holds();
}

static void marks_told(void **state)
{
    (void)state;
    static const char mark[] = "'ev':'mark','conv':'d.1.2','user':'2','delivered':1,'read':0";
    /* 0: told; 1: not; 2: signed in too late; 3: asked to sync; 4: it had moved before. */
    for (int how = 0; how <= 4; how++) {
        begin();
        sent(1, 1);
        if (how == 4) {
            ask(2, "'op':'ack','id':2,'delivered':{'d.1.2':1}");
            ok(2, 2, "");
        }
        if (how != 2)
            hello(1, "1");
        ask(2, "'op':'ack','id':1,'delivered':{'d.1.2':1}");
        if (how == 2)
            hello(1, "1");
        ok(2, 1, "");
        if (how == 0)
            got(1, mark);
        if (how == 3)
            got(1, "'ev':'sync'");
        add("'e':'push','user':'2','conv':'d.1.2','seq':1");
        add("'e':'end'");
        if (how == 1)
            breaks(PAR_RULE_MARKS_TOLD);
        else
            holds();
    }
}

static void settings(void **state)
{
    (void)state;
    static const char one[] = "'op':'conv.set','id':1,'conv':'d.1.2','muted_until':99";
    static const char two[] = "'op':'conv.set','id':2,'conv':'d.1.2','muted_until':0";
    char row[200];
    for (int shown = 0; shown <= 1; shown++) {
        snprintf(row, sizeof row,
                 "'unread':1,'delivered':0,'read':0,'others':{'delivered':0,'read':0},"
                 "'muted_until':%d",
                 shown ? 99 : 0);
        /* Set and answered: it must be shown. */
        begin();
        sent(1, 1);
        ask(2, one);
        ok(2, 1, "");
        sync_row(2, 3, 1, row);
        if (shown)
            holds();
        else
            breaks(PAR_RULE_SETTINGS);
        /* Set back after that: it must not. */
        begin();
        sent(1, 1);
        ask(2, one);
        ok(2, 1, "");
        ask(2, two);
        ok(2, 2, "");
        sync_row(2, 3, 1, row);
        if (shown)
            breaks(PAR_RULE_SETTINGS);
        else
            holds();
        /* Both on their way, or one never answered: either may be. */
        begin();
        sent(1, 1);
        ask(2, one);
        ask(2, two);
        ok(2, 1, "");
        ok(2, 2, "");
        sync_row(2, 3, 1, row);
        holds();
    }
    for (int shown = 0; shown <= 1; shown++) {
        begin();
        ask(2, "'op':'contact.add','id':1,'user':'1'");
        ok(2, 1, "");
        ask(2, "'op':'block','id':2,'user':'3'");
        refused(2, 2, "not_found", false);
        ask(2, "'op':'contacts','id':3");
        ok(2, 3, shown ? "'contacts':['1'],'blocked':[]" : "'contacts':[],'blocked':[]");
        if (shown)
            holds();
        else
            breaks(PAR_RULE_SETTINGS);
    }
    begin();
    ask(2, "'op':'contacts','id':3");
    ok(2, 3, "'contacts':[],'blocked':['1']");
    breaks(PAR_RULE_SETTINGS);
}

static void unread(void **state)
{
    (void)state;
    static const struct {
        unsigned count;
        bool right;
    } cases[] = {{3, true}, {2, false}, {4, false}};
    for (size_t i = 0; i < 3; i++) {
        begin();
        for (unsigned seq = 1; seq <= 3; seq++)
            sent(1, seq);
        sent(2, 4);
        sent(1, 5);
        ask(1, "'op':'delete','id':50,'conv':'d.1.2','seq':2,'cmid':'x'");
        ok(1, 50, "'conv':'d.1.2','seq':6,'ts':600,'dup':false");
        ask(2, "'op':'sync','id':1");
        snprintf(line, sizeof line,
                 "'conversations':[{'conv':'d.1.2','kind':'direct','name':'','last_seq':6,"
                 "'last_entry':{'conv':'d.1.2','seq':6,'ts':600,'from':'1','kind':'deleted',"
                 "'target':2},'unread':%u,'delivered':0,'read':0,"
                 "'others':{'delivered':0,'read':0},'member':true,'member_count':2}]",
                 cases[i].count);
        ok(2, 1, line);
        if (cases[i].right)
            holds();
        else
            breaks(PAR_RULE_UNREAD);
    }
}

/* A delete without an answer, of which nobody saw the entry. */
static void unread_of_what_may_be_deleted(void **state)
{
    (void)state;
    for (unsigned count = 0; count <= 3; count++) {
        begin();
        sent(1, 1);
        sent(1, 2);
        ask(1, "'op':'delete','id':50,'conv':'d.1.2','seq':1,'cmid':'x'");
        ask(2, "'op':'sync','id':1");
        snprintf(line, sizeof line,
                 "'conversations':[{'conv':'d.1.2','kind':'direct','name':'','last_seq':2,"
                 "'last_entry':%s,'unread':%u,'delivered':0,'read':0,"
                 "'others':{'delivered':0,'read':0},'member':true,'member_count':2}]",
                 entry(2, 1, false), count);
        ok(2, 1, line);
        if (count == 1 || count == 2)
            holds();
        else
            breaks(PAR_RULE_UNREAD);
    }
}

static void sync_complete(void **state)
{
    (void)state;
    begin();
    sent(1, 1);
    ask(2, "'op':'sync','id':1");
    ok(2, 1, "'conversations':[],'sync_token':'t'");
    breaks(PAR_RULE_SYNC_COMPLETE);
    begin();
    sent(1, 1);
    sent(1, 2);
    ask(2, "'op':'sync','id':1,'have':{'d.1.2':1}");
    ok(2, 1, "'conversations':[],'sync_token':'t'");
    breaks(PAR_RULE_SYNC_COMPLETE);
    /* Shown on a page only: durable, and not told yet. */
    begin();
    ask(1, "'op':'send','id':1,'to':'2','cmid':'a','text':'b'");
    ask(2, "'op':'history','id':1,'conv':'d.1.2'");
    ok(2, 1,
       "'entries':[{'conv':'d.1.2','seq':1,'ts':100,'from':'1','kind':'text','text':'b'}],"
       "'first_seq':1,'last_seq':1,'more':false");
    ask(2, "'op':'sync','id':2");
    ok(2, 2, "'conversations':[],'sync_token':'t'");
    ok(1, 1, "'conv':'d.1.2','seq':1,'ts':100,'dup':false");
    holds();
    const char *marks = "'unread':1,'delivered':0,'read':0,'others':{'delivered':0,'read':0}";
    begin();
    sent(1, 1);
    sync_row(2, 1, 1, marks);
    sent(1, 2);
    ask(2, "'op':'sync','id':2,'since':'t1'");
    ok(2, 2, "'conversations':[],'sync_token':'t'");
    breaks(PAR_RULE_SYNC_COMPLETE);
    /* It was told before, or the client has it, or it is on the second page. */
    begin();
    sent(1, 1);
    sync_row(2, 1, 1, marks);
    ask(2, "'op':'sync','id':2,'since':'t1'");
    ok(2, 2, "'conversations':[],'sync_token':'t'");
    ask(2, "'op':'sync','id':3,'have':{'d.1.2':1}");
    ok(2, 3, "'conversations':[],'sync_token':'t'");
    ask(2, "'op':'sync','id':4");
    ok(2, 4, "'conversations':[],'sync_token':'u','cursor':'c'");
    ask(2, "'op':'sync','id':5,'cursor':'c'");
    snprintf(line, sizeof line,
             "'conversations':[{'conv':'d.1.2','kind':'direct','name':'','last_seq':1,"
             "'last_entry':%s,'member':true,'member_count':2,%s}],'sync_token':'u'",
             entry(1, 1, false), marks);
    ok(2, 5, line);
    holds();
}

static void list(void **state)
{
    (void)state;
    static const struct {
        const char *wrong, *with;
    } cases[] = {
        {NULL, NULL},
        {"'member':true", "'member':false"},
        {"'member_count':3", "'member_count':2"},
        {"'name':'G'", "'name':'H'"},
        {"'kind':'group'", "'kind':'direct'"},
        {"'others':{'delivered':0,'read':0}", "'others':{'delivered':1,'read':0}"},
    };
    const char *row = "'conv':'g.1','kind':'group','name':'G','last_seq':1,"
                      "'last_entry':{'conv':'g.1','seq':1,'ts':100,'from':'1','kind':'created',"
                      "'text':'G','users':['1','2','3'],'history':'all'},'unread':0,"
                      "'delivered':0,'read':0,'others':{'delivered':0,'read':0},'member':true,"
                      "'member_count':3";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        group();
        add("'e':'heal'");
        add("'e':'end'");
        ask(2, "'op':'sync','id':1");
        const char *at_wrong = cases[i].wrong ? strstr(row, cases[i].wrong) : NULL;
        size_t before = at_wrong ? (size_t)(at_wrong - row) : strlen(row);
        snprintf(line, sizeof line, "'conversations':[{%.*s%s%s}],'sync_token':'t'", (int)before,
                 row, at_wrong ? cases[i].with : "",
                 at_wrong ? at_wrong + strlen(cases[i].wrong) : "");
        ok(2, 1, line);
        if (at_wrong)
            breaks(PAR_RULE_LIST);
        else
            holds();
    }
}

/* A member is in although nobody saw the entry with which they came in before the end: a later one
 * proves it. */
static void the_least_of_all_others(void **state)
{
    (void)state;
    for (int right = 0; right <= 1; right++) {
        begin();
        ask(1, "'op':'group.create','id':1,'name':'G','members':['2','3'],'cmid':'g'");
        ask(1, "'op':'send','id':2,'conv':'g.1','cmid':'a','text':'x'");
        got(2, "'ev':'entry','conv':'g.1','seq':2,'ts':200,'from':'1','kind':'text','text':'x'");
        ask(1, "'op':'ack','id':3,'delivered':{'g.1':2}");
        ok(1, 3, "");
        add("'e':'close','conn':1");
        add("'e':'push','user':'3','conv':'g.1','seq':2");
        add("'e':'heal'");
        add("'e':'end'");
        ask(2, "'op':'history','id':1,'conv':'g.1'");
        ok(2, 1,
           "'entries':[{'conv':'g.1','seq':1,'ts':100,'from':'1','kind':'created','text':'G',"
           "'users':['1','2','3'],'history':'all'},{'conv':'g.1','seq':2,'ts':200,'from':'1',"
           "'kind':'text','text':'x'}],'first_seq':1,'last_seq':2,'more':false");
        ask(2, "'op':'sync','id':2");
        snprintf(line, sizeof line,
                 "'conversations':[{'conv':'g.1','kind':'group','name':'G','last_seq':2,"
                 "'last_entry':{'conv':'g.1','seq':2,'ts':200,'from':'1','kind':'text',"
                 "'text':'x'},'unread':1,'delivered':0,'read':0,'others':{'delivered':%d,"
                 "'read':0},'member':true,'member_count':3}],'sync_token':'t'",
                 right ? 0 : 2);
        ok(2, 2, line);
        if (right)
            holds();
        else
            breaks(PAR_RULE_LIST);
    }
}

static void roster(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{'user':'1','role':'owner','joined_seq':1,'delivered':0,'read':0},"
        "{'user':'2','role':'member','joined_seq':1,'delivered':0,'read':0}",
        "{'user':'1','role':'owner','joined_seq':1,'delivered':0,'read':0},"
        "{'user':'2','role':'member','joined_seq':1,'delivered':0,'read':0},"
        "{'user':'3','role':'member','joined_seq':1,'delivered':0,'read':0},"
        "{'user':'4','role':'member','joined_seq':1,'delivered':0,'read':0}",
        "{'user':'1','role':'owner','joined_seq':1,'delivered':0,'read':0},"
        "{'user':'2','role':'admin','joined_seq':1,'delivered':0,'read':0},"
        "{'user':'3','role':'member','joined_seq':1,'delivered':0,'read':0}",
        "{'user':'1','role':'owner','joined_seq':1,'delivered':0,'read':0},"
        "{'user':'2','role':'member','joined_seq':1,'delivered':0,'read':0},"
        "{'user':'3','role':'member','joined_seq':1,'delivered':0,'read':0}",
    };
    for (size_t i = 0; i < 4; i++) {
        begin();
        group();
        add("'e':'heal'");
        add("'e':'end'");
        ask(2, "'op':'members','id':1,'conv':'g.1'");
        snprintf(line, sizeof line, "'members':[%s]", wrong[i]);
        ok(2, 1, line);
        if (i < 3)
            breaks(PAR_RULE_ROSTER);
        else
            holds();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_in_as_another),
        cmocka_unit_test(marks_back),
        cmocka_unit_test(marks_bound),
        cmocka_unit_test(marks_invented),
        cmocka_unit_test(hidden_read),
        cmocka_unit_test(marks_told),
        cmocka_unit_test(settings),
        cmocka_unit_test(unread),
        cmocka_unit_test(unread_of_what_may_be_deleted),
        cmocka_unit_test(sync_complete),
        cmocka_unit_test(list),
        cmocka_unit_test(the_least_of_all_others),
        cmocka_unit_test(roster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
