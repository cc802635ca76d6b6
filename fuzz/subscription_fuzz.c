/* Push subscriptions from strangers, with libcurl's reading of addresses as the oracle: what is
 * accepted is an https address without a user, of the origin that we sign for, and can be encrypted
 * for; and whatever a text is, the payload is JSON that fits.
 *
 * An input is lines: the endpoint, p256dh, auth, and the rest is the text. */
#include "loop/addr.h"
#include "push/encrypt.h"
#include "push/payload.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>

static void must(bool ok)
{
    if (!ok)
        abort();
}

static struct par_str line(const char **at, const char *end)
{
    const char *from = *at, *stop = memchr(from, '\n', (size_t)(end - from));
    *at = stop ? stop + 1 : end;
    return par_str_of(from, (size_t)((stop ? stop : end) - from));
}

static void compare(const struct par_subscription *sub)
{
    char *url = malloc(sub->endpoint.len + 1);
    char *scheme = NULL, *user = NULL, *host = NULL, *port = NULL;
    CURLU *u = curl_url();
    must(url && u);
    memcpy(url, sub->endpoint.ptr, sub->endpoint.len);
    url[sub->endpoint.len] = '\0';
    must(curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK);
    must(curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
         strcmp(scheme, "https") == 0);
    must(curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_NO_USER);
    must(curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK);
    must(curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK);
    url[sub->origin.len] = '\0';
    const char *colon = strrchr(url + 8, ':');
    bool named = colon && url[sub->origin.len - 1] != ']';
    long number = named ? strtol(colon + 1, NULL, 10) : 443;
    must(strtol(port, NULL, 10) == number);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(u);
    free(url);
}

static void write_note(const struct par_subscription *sub, bool accepted, struct par_str text)
{
    struct par_push_note note = {.reason = PAR_PUSH_TEXT,
                                 .conv = par_conv_direct(1, 2),
                                 .seq = 1,
                                 .sender = PAR_STR("A"),
                                 .text = text,
                                 .url = ""};
    struct par_buf plain = {0}, body = {0};
    par_push_payload(&note, &plain);
    must(!plain.failed && plain.len <= PAR_PUSH_PLAIN_MAX);
    json_t *json = json_loadb((const char *)plain.data, plain.len, JSON_REJECT_DUPLICATES, NULL);
    must(json != NULL);
    json_decref(json);
    if (accepted)
        must(par_push_encrypt(sub, par_buf_str(&plain), &body) && body.len == 86 + plain.len + 17);
    par_buf_fini(&plain);
    par_buf_fini(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    struct par_subscription sub, open;
    const char *why;
    if (size == 0)
        return 0;
    struct par_str endpoint = line(&at, end), p256dh = line(&at, end), auth = line(&at, end);
    struct par_str text = par_str_of(at, (size_t)(end - at));
    bool any = par_subscription_read(endpoint, p256dh, auth, true, &open, &why);
    must(any == (why == NULL));
    bool accepted = par_subscription_read(endpoint, p256dh, auth, false, &sub, &why);
    must(!accepted || any);
    if (any)
        compare(&open);
    /* Entries hold UTF-8 without NUL. */
    if (par_utf8_check(text, NULL) && !memchr(text.ptr, 0, text.len))
        write_note(&sub, accepted, text);
    return 0;
}
