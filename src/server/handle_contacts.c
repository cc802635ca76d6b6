/* contact.add, contact.remove, contacts. */
#include "server/dispatch.h"
#include "server/reading.h"
#include "store/key.h"

static enum par_err set_contact(struct par_request *req, const struct par_user_ref *ref, bool add)
{
    struct par_store *store = req->reactor->server->store;
    struct par_key user_key = par_key_user(ref->id);
    struct par_str value;
    int found =
        ref->id ? par_store_get_in(store, PAR_T_USERS, par_key_str(&user_key), &req->arena, &value)
                : 0;
    struct par_user user;
    if (found < 0)
        return PAR_E_UNAVAILABLE;
    if (!found || !par_user_decode(value, &user) || user.deleted)
        return PAR_E_NOT_FOUND;
    struct par_key key = par_key_user_id(req->who.user, ref->id);
    int64_t now = par_wall_ms();
    struct par_buf row = {0};
    if (add)
        par_contact_encode(&(struct par_contact){.created = now}, &row);
    enum par_outcome outcome =
        row.failed ? PAR_OUTCOME_FAILED
                   : par_store_set(store, PAR_T_CONTACTS, par_key_str(&key),
                                   add ? par_buf_str(&row) : (struct par_str){0}, (uint64_t)now);
    par_buf_fini(&row);
    return outcome == PAR_OUTCOME_OK ? PAR_OK : PAR_E_UNAVAILABLE;
}

static void work_set(struct par_request *req)
{
    bool add = req->op == PAR_OP_CONTACT_ADD;
    const struct par_user_ref *ref =
        add ? &req->args.contact_add->user : &req->args.contact_remove->user;
    enum par_err err = set_contact(req, ref, add);
    if (err)
        par_request_error(req, err, err == PAR_E_NOT_FOUND ? "user: no such user" : NULL);
    else
        par_request_empty(req);
}

static void set(struct par_request *req, const struct par_user_ref *ref)
{
    if (ref->id == req->who.user)
        par_request_fail(req, PAR_E_BAD_REQUEST, "user: oneself");
    else
        par_request_work(req, work_set, NULL);
}

void par_handle_contact_add(struct par_request *req)
{
    set(req, &req->args.contact_add->user);
}

void par_handle_contact_remove(struct par_request *req)
{
    set(req, &req->args.contact_remove->user);
}

static enum par_err list(struct par_request *req, enum par_table table, const char *name,
                         struct par_json_out *w)
{
    struct par_key from = par_key_user(req->who.user);
    struct par_key to = par_key_after(par_key_str(&from));
    struct par_store_row *rows;
    enum par_err err = par_store_scan_in(req->reactor->server->store, table, par_key_str(&from),
                                         par_key_str(&to), 0, 0, &req->arena, &rows, NULL);
    if (err)
        return err;
    par_json_key(w, name);
    par_json_open_array(w);
    for (; rows; rows = rows->next) {
        struct par_cursor c = par_cursor(rows->key);
        struct par_str prefix;
        uint64_t id;
        if (par_cursor_bytes(&c, PAR_KEY_USER, &prefix) && par_cursor_u64(&c, &id))
            par_json_id(w, id);
    }
    par_json_close_array(w);
    return PAR_OK;
}

static void work_list(struct par_request *req)
{
    struct par_reader reader = par_reading(req);
    struct par_json_out w = par_request_open(req);
    enum par_err err = list(req, PAR_T_CONTACTS, "contacts", &w);
    if (!err)
        err = list(req, PAR_T_BLOCKS, "blocked", &w);
    par_reading_end(req, &w, err, &reader);
}

void par_handle_contacts(struct par_request *req)
{
    par_request_work(req, work_list, NULL);
}
