/* Web Push without a network: RFC 8291's own example, subscriptions, signatures, payloads. */
#include "loop/addr.h"
#include "push/curve.h"
#include "push/encrypt.h"
#include "push/payload.h"
#include "push/vapid.h"

#include <openssl/pem.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <cmocka.h>

/* RFC 8291, appendix A. */
#define UA_PUBLIC                                                                                  \
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
#define AUTH     "BTBZMqHH6r4Tts7J_aSIgg"
#define ENDPOINT "https://push.example/send/abc"

static size_t from_base64(const char *text, uint8_t *out, size_t room)
{
    size_t len;
    assert_int_equal(sodium_base642bin(out, room, text, strlen(text), NULL, &len, NULL,
                                       sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                     0);
    return len;
}

static struct par_subscription subscription(void)
{
    struct par_subscription sub;
    const char *why;
    assert_true(par_subscription_read(par_str(ENDPOINT), par_str(UA_PUBLIC), par_str(AUTH), false,
                                      &sub, &why));
    return sub;
}

static void the_example_of_rfc_8291(void **state)
{
    static const char expected[] =
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYW"
        "AmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgS"
        "xsj_Qulcy4a-fN";
    uint8_t number[32], salt[PAR_PUSH_SALT], body[256];
    (void)state;
    from_base64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", number, sizeof number);
    from_base64("DGv6ra1nlYgDCS1FRnbzlw", salt, sizeof salt);
    size_t len = from_base64(expected, body, sizeof body);
    struct par_subscription sub = subscription();
    EVP_PKEY *key = par_curve_private(number);
    assert_non_null(key);
    struct par_buf out = {0};
    assert_true(par_push_encrypt_with(&sub, PAR_STR("When I grow up, I want to be a watermelon"),
                                      key, salt, &out));
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, body, len);
    par_buf_fini(&out);
    EVP_PKEY_free(key);
}

static void every_message_has_keys_of_its_own(void **state)
{
    struct par_subscription sub = subscription();
    struct par_buf a = {0}, b = {0};
    (void)state;
    assert_true(par_push_encrypt(&sub, PAR_STR("the same"), &a));
    assert_true(par_push_encrypt(&sub, PAR_STR("the same"), &b));
    assert_int_equal(a.len, 86 + 8 + 1 + 16);
    assert_memory_not_equal(a.data, b.data, 16);
    assert_memory_not_equal(a.data + 21, b.data + 21, 65);
    par_buf_fini(&a);
    par_buf_fini(&b);
    char *large = test_calloc(1, PAR_PUSH_PLAIN_MAX + 1);
    assert_true(par_push_encrypt(&sub, par_str_of(large, PAR_PUSH_PLAIN_MAX), &a));
    assert_int_equal(a.len, 4096);
    assert_false(par_push_encrypt(&sub, par_str_of(large, PAR_PUSH_PLAIN_MAX + 1), &b));
    test_free(large);
    par_buf_fini(&a);
    par_buf_fini(&b);
}

static bool reads(const char *endpoint, const char *p256dh, const char *auth, bool any)
{
    struct par_subscription sub;
    const char *why;
    bool ok =
        par_subscription_read(par_str(endpoint), par_str(p256dh), par_str(auth), any, &sub, &why);
    assert_true(ok == (why == NULL));
    return ok;
}

static void what_a_subscription_may_be(void **state)
{
    static const char *const good[] = {
        "https://fcm.googleapis.com/fcm/send/x:y-z_0", "https://push.example:8443/a?b=c",
        "https://8.8.8.8/x", "https://[2606:4700::1111]:443/x", "https://web.push.apple.com"};
    static const char *const bad[] = {"",
                                      "http://push.example/x",
                                      "https://",
                                      "https:///x",
                                      "https://user@push.example/x",
                                      "https://push.example:0/x",
                                      "https://push.example:65536/x",
                                      "https://push.example:/x",
                                      "https://push.example/a b",
                                      "https://push.example/a#b",
                                      "https://push.example\\x",
                                      "https://push.ex\xC3\xA4mple/",
                                      "https://[::1/x",
                                      "https://[push.example]/",
                                      "file:///etc/passwd",
                                      "HTTPS://push.example/x",
                                      "https://push.example/x\n"};
    static const char *const local[] = {"https://localhost/x",
                                        "https://a.LOCALHOST/x",
                                        "https://127.0.0.1/x",
                                        "https://10.1.2.3/x",
                                        "https://[::1]/x",
                                        "https://169.254.169.254/latest",
                                        "https://[fd00::1]/x",
                                        "https://[::ffff:10.0.0.1]/x",
                                        "https://[64:ff9b::10.0.0.1]/"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(reads(good[i], UA_PUBLIC, AUTH, false));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(reads(bad[i], UA_PUBLIC, AUTH, true));
    for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
        assert_false(reads(local[i], UA_PUBLIC, AUTH, false));
        assert_true(reads(local[i], UA_PUBLIC, AUTH, true));
    }
    assert_true(reads(ENDPOINT, UA_PUBLIC "=", AUTH "==", false));
    assert_false(reads(ENDPOINT, "", AUTH, false));
    assert_false(reads(ENDPOINT, UA_PUBLIC "A", AUTH, false));
    assert_false(reads(ENDPOINT, UA_PUBLIC, "BTBZMqHH6r4Tts7J", false));
    /* Not on the curve; and a compressed form. */
    char off[sizeof UA_PUBLIC] = UA_PUBLIC;
    off[40] = off[40] == 'A' ? 'B' : 'A';
    assert_false(reads(ENDPOINT, off, AUTH, false));
    off[0] = 'A';
    assert_false(reads(ENDPOINT, off, AUTH, false));
    struct par_subscription sub;
    const char *why;
    assert_true(par_subscription_read(par_str(good[1]), par_str(UA_PUBLIC), par_str(AUTH), false,
                                      &sub, &why));
    assert_true(par_str_is(sub.origin, "https://push.example:8443"));
}

static bool is_public(const char *text)
{
    struct par_addr addr;
    assert_int_equal(par_addr_parse_ip(par_str(text), &addr), PAR_OK);
    return par_addr_is_public(&addr);
}

static void which_addresses_are_public(void **state)
{
    static const char *const yes[] = {"1.1.1.1",      "100.63.255.255",   "100.128.0.0",
                                      "172.15.0.1",   "172.32.0.1",       "223.255.255.255",
                                      "2a00:1450::1", "64:ff9b::1.1.1.1", "::ffff:1.1.1.1"};
    static const char *const no[] = {"0.0.0.0",
                                     "100.64.0.1",
                                     "172.16.0.1",
                                     "172.31.255.255",
                                     "192.0.2.1",
                                     "224.0.0.1",
                                     "255.255.255.255",
                                     "::",
                                     "::1",
                                     "fe80::1",
                                     "fc00::1",
                                     "ff02::1",
                                     "2001:db8::1",
                                     "2002:7f00:1::1",
                                     "64:ff9b::127.0.0.1",
                                     "::ffff:127.0.0.1"};
    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(is_public(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(is_public(no[i]));
}

/* The two numbers of a JWT's signature, back in the form that OpenSSL checks. */
static bool verifies(EVP_PKEY *key, struct par_str signed_part, const uint8_t signature[64])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    unsigned char *der = NULL;
    ECDSA_SIG_set0(sig, BN_bin2bn(signature, 32, NULL), BN_bin2bn(signature + 32, 32, NULL));
    int len = i2d_ECDSA_SIG(sig, &der);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestVerify(ctx, der, (size_t)len, (const unsigned char *)signed_part.ptr,
                               signed_part.len) == 1;
    EVP_MD_CTX_free(ctx);
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    return ok;
}

static void a_signature_is_made_and_kept(void **state)
{
    struct par_buf pem = {0}, header = {0}, again = {0};
    struct par_vapid *v;
    (void)state;
    par_vapid_make(&pem);
    assert_int_equal(par_vapid_open(par_buf_str(&pem), &v), PAR_OK);
    assert_int_equal(par_vapid_public(v).len, 87);
    assert_true(
        par_vapid_authorize(v, PAR_STR("https://push.example"), "mailto:a@b.c", 1000000, &header));
    par_buf_add_u8(&header, 0);
    const char *t = (const char *)header.data;
    assert_memory_equal(t, "vapid t=", 8);
    const char *end = strchr(t, ',');
    assert_memory_equal(end, ", k=", 4);
    assert_string_equal(end + 4, par_vapid_public(v).ptr);
    const char *dot = end;
    while (*dot != '.')
        dot--;
    uint8_t signature[64];
    char text[100];
    snprintf(text, sizeof text, "%.*s", (int)(end - dot - 1), dot + 1);
    assert_int_equal(from_base64(text, signature, sizeof signature), 64);
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    struct par_str part = par_str_of(t + 8, (size_t)(dot - t - 8));
    assert_true(verifies(key, part, signature));
    signature[10] ^= 1;
    assert_false(verifies(key, part, signature));
    EVP_PKEY_free(key);
    BIO_free(bio);
    /* Signatures differ from time to time, so a kept one shows. */
    header.len--;
    assert_true(
        par_vapid_authorize(v, PAR_STR("https://push.example"), "mailto:a@b.c", 1000060, &again));
    assert_true(par_str_eq(par_buf_str(&again), par_buf_str(&header)));
    par_buf_clear(&again);
    assert_true(par_vapid_authorize(v, PAR_STR("https://push.example"), "mailto:a@b.c",
                                    1000000 + 7 * 3600, &again));
    assert_false(par_str_eq(par_buf_str(&again), par_buf_str(&header)));
    par_vapid_close(&v);
    assert_null(v);
    assert_int_equal(par_vapid_open(PAR_STR("not a key"), &v), PAR_E_BAD_REQUEST);
    par_buf_fini(&pem);
    par_buf_fini(&header);
    par_buf_fini(&again);
}

static void a_key_of_another_kind_is_refused(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-384");
    BIO *bio = BIO_new(BIO_s_mem());
    struct par_vapid *v;
    char *data;
    (void)state;
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    long len = BIO_get_mem_data(bio, &data);
    assert_int_equal(par_vapid_open(par_str_of(data, (size_t)len), &v), PAR_E_BAD_REQUEST);
    assert_null(v);
    BIO_free(bio);
    EVP_PKEY_free(key);
}

/* At a terminal, too, where it must not be asked for. */
static void a_key_with_a_password_is_refused(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *bio = BIO_new(BIO_s_mem());
    struct par_vapid *v;
    char *data;
    (void)state;
    PEM_write_bio_PrivateKey(bio, key, EVP_aes_128_cbc(), (const unsigned char *)"x", 1, NULL,
                             NULL);
    long len = BIO_get_mem_data(bio, &data);
    assert_int_equal(par_vapid_open(par_str_of(data, (size_t)len), &v), PAR_E_BAD_REQUEST);
    assert_null(v);
    BIO_free(bio);
    EVP_PKEY_free(key);
}

static bool has(const struct par_buf *b, const char *part)
{
    return memmem(b->data, b->len, part, strlen(part)) != NULL;
}

static struct par_push_note note(void)
{
    return (struct par_push_note){.reason = PAR_PUSH_TEXT,
                                  .conv = par_conv_direct(17, 42),
                                  .seq = 7,
                                  .ts = 1700000000000,
                                  .from = 17,
                                  .sender = PAR_STR("Ann \"A\""),
                                  .text = PAR_STR("hello"),
                                  .badge = 3,
                                  .url = ""};
}

static void what_a_payload_says(void **state)
{
    struct par_buf out = {0};
    struct par_push_note n = note();
    (void)state;
    par_push_payload(&n, &out);
    assert_true(
        has(&out, "{\"web_push\":8030,\"app_badge\":3,\"mutable\":true,\"notification\":{"));
    assert_true(has(&out, "\"title\":\"Ann \\\"A\\\"\",\"body\":\"hello\",\"tag\":\"d.17.42\""));
    assert_true(has(&out, "\"navigate\":\"/c/d-17-42\""));
    assert_true(has(&out, "\"data\":{\"conv\":\"d.17.42\",\"seq\":7,\"from\":\"17\""));
    assert_true(has(&out, "\"shown\":true"));
    par_buf_clear(&out);
    n.group = PAR_STR("Team");
    n.url = "https://chat.example";
    par_push_payload(&n, &out);
    assert_true(has(&out, "\"title\":\"Team\",\"body\":\"Ann \\\"A\\\": hello\""));
    assert_true(has(&out, "\"navigate\":\"https://chat.example/c/d-17-42\""));
    par_buf_clear(&out);
    n.text = (struct par_str){0};
    par_push_payload(&n, &out);
    assert_false(has(&out, "hello"));
    assert_true(has(&out, "\"body\":\"New message\""));
    assert_true(has(&out, "\"shown\":false"));
    par_buf_clear(&out);
    n = (struct par_push_note){.reason = PAR_PUSH_TEST, .url = ""};
    par_push_payload(&n, &out);
    assert_true(has(&out, "\"tag\":\"test\""));
    assert_true(has(&out, "\"navigate\":\"/\""));
    par_buf_fini(&out);
}

/* Texts of every length around the limit, of characters of every size: whole, UTF-8, as long as
 * possible. */
static void a_long_text_is_cut_at_a_character(void **state)
{
    static const char *const characters[] = {"a",  "\xC3\xA4", "\xE4\xBD\xA0", "\xF0\x9F\x98\x80",
                                             "\"", "\n"};
    static const size_t sizes[] = {1, 2, 3, 4, 2, 6};
    (void)state;
    for (size_t k = 0; k < sizeof characters / sizeof *characters; k++) {
        for (size_t count = 100; count < 5000; count += 97) {
            struct par_buf text = {0}, out = {0};
            struct par_push_note n = note();
            for (size_t i = 0; i < count; i++)
                par_buf_addz(&text, characters[k]);
            n.text = par_buf_str(&text);
            par_push_payload(&n, &out);
            assert_false(out.failed);
            assert_in_range(out.len, 1, PAR_PUSH_PLAIN_MAX);
            assert_true(par_utf8_check(par_buf_str(&out), NULL));
            if (has(&out, "\xE2\x80\xA6"))
                assert_in_range(out.len,
                                count * sizes[k] > PAR_PUSH_PLAIN_MAX && sizes[k] < 6
                                    ? PAR_PUSH_PLAIN_MAX - 8
                                    : 1,
                                PAR_PUSH_PLAIN_MAX);
            par_buf_fini(&text);
            par_buf_fini(&out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_rfc_8291),
        cmocka_unit_test(every_message_has_keys_of_its_own),
        cmocka_unit_test(what_a_subscription_may_be),
        cmocka_unit_test(which_addresses_are_public),
        cmocka_unit_test(a_signature_is_made_and_kept),
        cmocka_unit_test(a_key_of_another_kind_is_refused),
        cmocka_unit_test(a_key_with_a_password_is_refused),
        cmocka_unit_test(what_a_payload_says),
        cmocka_unit_test(a_long_text_is_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
