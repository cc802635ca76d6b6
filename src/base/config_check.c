/* What one key cannot say alone: addresses, networks, pairs that belong together, and empty values
 * that are filled in. */
#include "base/config.h"
#include "base/config_private.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct checker {
    struct par_config *cfg;
    const struct par_config__origin *origin;
    struct par_config_error *error;
};

static enum par_err refuse(const struct checker *c, int index, const char *value,
                           const char *reason)
{
    const struct par_config__key *k = &par_config__keys[index];
    char where[300];

    par_config__where(c->origin, index, where, sizeof where);
    return par_config__refuse(c->error, "%s: %s.%s: \"%.80s\" %s", where, k->section, k->key, value,
                              reason);
}

bool par_config_split_address(const char *address, char *host_r, size_t host_size, uint16_t *port_r)
{
    const char *colon = strrchr(address, ':');
    const char *host = address;
    uint64_t port;
    unsigned char binary[16];

    host_r[0] = 0;
    *port_r = 0;
    if (!colon || !par_str_to_u64(par_str(colon + 1), &port) || port > 65535)
        return false;
    size_t n = (size_t)(colon - address);
    bool v6 = n >= 2 && host[0] == '[' && host[n - 1] == ']';
    if (v6) {
        host++;
        n -= 2;
    }
    if (n == 0 || n >= host_size)
        return false;
    memcpy(host_r, host, n);
    host_r[n] = 0;
    if (inet_pton(v6 ? AF_INET6 : AF_INET, host_r, binary) != 1) {
        host_r[0] = 0;
        return false;
    }
    *port_r = (uint16_t)port;
    return true;
}

bool par_config_is_loopback(const char *address)
{
    char host[64];
    uint16_t port;

    if (!par_config_split_address(address, host, sizeof host, &port))
        return false;
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

/* A list of networks, "10.0.0.0/8,::1": each an address with an optional length of its prefix. */
static bool is_networks(const char *text)
{
    char copy[1024];
    char *rest = copy;

    if (strlen(text) >= sizeof copy)
        return false;
    strcpy(copy, text);
    for (char *one; (one = strsep(&rest, ",")) != NULL;) {
        unsigned char binary[16];
        uint64_t bits = 0;

        one += strspn(one, " ");
        one[strcspn(one, " ")] = 0;
        char *slash = strchr(one, '/');
        if (slash) {
            *slash = 0;
            if (!par_str_to_u64(par_str(slash + 1), &bits))
                return false;
        }
        bool v4 = inet_pton(AF_INET, one, binary) == 1;
        if ((!v4 && inet_pton(AF_INET6, one, binary) != 1) || bits > (v4 ? 32u : 128u))
            return false;
    }
    return true;
}

/* A list of clients, "web/1.2,tui/0.4": each a name and a version of numbers with dots between. */
static bool is_clients(const char *text)
{
    for (;;) {
        text += strspn(text, " ");
        size_t name = strcspn(text, "/, ");
        if (name == 0 || text[name] != '/')
            return false;
        text += name;
        do {
            text++;
            size_t digits = strspn(text, "0123456789");
            if (digits == 0 || digits > 9)
                return false;
            text += digits;
        } while (*text == '.');
        text += strspn(text, " ");
        if (*text == 0)
            return true;
        if (*text++ != ',')
            return false;
    }
}

static enum par_err check_address(const struct checker *c, int index, const char *value)
{
    char host[64];
    uint16_t port;

    if (par_config_split_address(value, host, sizeof host, &port))
        return PAR_OK;
    return refuse(c, index, value, "is not ADDRESS:PORT, such as 127.0.0.1:8080 or [::]:8080");
}

static bool is_server_id(const char *id)
{
    return id[0] &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
               strlen(id);
}

/* field = data folder / name, when it is empty. */
static enum par_err fill_path(const struct checker *c, int index, const char **field,
                              const char *name)
{
    char path[4200];

    if ((*field)[0] == 0) {
        snprintf(path, sizeof path, "%s/%s", c->cfg->server.data, name);
        if (!par_config__own(c->cfg, field, path))
            return refuse(c, index, path, "does not fit in memory");
    }
    return PAR_OK;
}

static enum par_err check_server(const struct checker *c)
{
    struct par_config *cfg = c->cfg;
    enum par_err err = check_address(c, PAR_CONFIG__K_server_listen, cfg->server.listen);

    if (err == PAR_OK && cfg->metrics.listen[0])
        err = check_address(c, PAR_CONFIG__K_metrics_listen, cfg->metrics.listen);
    if (err != PAR_OK)
        return err;
    if (!is_server_id(cfg->server.id))
        return refuse(c, PAR_CONFIG__K_server_id, cfg->server.id,
                      "may hold letters, digits, - and _ only, and at least one");
    if (cfg->server.data[0] == 0)
        return refuse(c, PAR_CONFIG__K_server_data, "", "is not a folder");
    if (cfg->server.trusted_peers[0] && !is_networks(cfg->server.trusted_peers))
        return refuse(c, PAR_CONFIG__K_server_trusted_peers, cfg->server.trusted_peers,
                      "is not a list of networks, such as 10.0.0.0/8,::1");
    if (cfg->server.oldest_clients[0] && !is_clients(cfg->server.oldest_clients))
        return refuse(c, PAR_CONFIG__K_server_oldest_clients, cfg->server.oldest_clients,
                      "is not a list of clients, such as web/1.2,tui/0.4");
    if (cfg->server.registration[0] == 0)
        cfg->server.registration =
            par_config__word(PAR_CONFIG__K_server_registration,
                             par_config_is_loopback(cfg->server.listen) ? "open" : "invite");
    err = fill_path(c, PAR_CONFIG__K_server_admin_socket, &cfg->server.admin_socket, "admin.sock");
    if (err == PAR_OK && strlen(cfg->server.admin_socket) > 107)
        err =
            refuse(c, PAR_CONFIG__K_server_admin_socket, cfg->server.admin_socket,
                   "is longer than the 107 bytes that a socket's path may have: set a shorter one");
    if (err == PAR_OK)
        err = fill_path(c, PAR_CONFIG__K_store_path, &cfg->store.path, "store");
    return err;
}

enum par_err par_config__finish(struct par_config *cfg, const struct par_config__origin *origin,
                                struct par_config_error *error_r)
{
    const struct checker c = {cfg, origin, error_r};
    char number[32];
    enum par_err err = check_server(&c);

    if (err != PAR_OK)
        return err;
    if (cfg->heartbeat.dead_ms <= cfg->heartbeat.ping_ms)
        return refuse(&c, PAR_CONFIG__K_heartbeat_dead_ms,
                      par_config__text(cfg, PAR_CONFIG__K_heartbeat_dead_ms, number, sizeof number),
                      "is not more than heartbeat.ping_ms: everybody would be cut off");
    if (cfg->limits.text_bytes > cfg->limits.frame_bytes)
        return refuse(&c, PAR_CONFIG__K_limits_text_bytes,
                      par_config__text(cfg, PAR_CONFIG__K_limits_text_bytes, number, sizeof number),
                      "is more than limits.frame_bytes: such a text could not be sent");
    if (cfg->tls.cert[0] || cfg->tls.key[0]) {
        bool cert = cfg->tls.cert[0] != 0;
        return refuse(
            &c, cert ? PAR_CONFIG__K_tls_cert : PAR_CONFIG__K_tls_key,
            cert ? cfg->tls.cert : cfg->tls.key,
            "cannot be used: this version has no TLS of its own; put a proxy that has in front");
    }
    return PAR_OK;
}
