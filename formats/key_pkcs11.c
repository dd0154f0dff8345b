/* SPDX-License-Identifier: Apache-2.0
 *
 * A private key that stays in its token: what a PKCS#11 URI (RFC 7512) names, through OpenSSL's
 * store. The provider is OpenSSL's business (openssl.cnf, module path); it is loaded here when the
 * configuration has not done so, without turning off the default one. See signer.h.
 */
#include "formats/signer.h"

#include <openssl/evp.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <string.h>

/* Gives the PIN when the token asks, and nothing else: nobody sits at a terminal. */
static int answer(UI *ui, UI_STRING *question)
{
    const struct secret *pin = UI_get0_user_data(ui);
    enum UI_string_types type = UI_get_string_type(question);
    if (type != UIT_PROMPT && type != UIT_VERIFY) {
        return 1;
    }
    return pin && secret_is_set(pin) && UI_set_result(ui, question, secret_bytes(pin)) == 0;
}

static EVP_PKEY *first_key(OSSL_STORE_CTX *store)
{
    EVP_PKEY *key = NULL;
    while (!key && !OSSL_STORE_eof(store)) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(store);
        if (info && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY) {
            key = OSSL_STORE_INFO_get1_PKEY(info);
        }
        OSSL_STORE_INFO_free(info);
        if (!info && OSSL_STORE_error(store)) {
            break;
        }
    }
    return key;
}

bool pkcs11_key(const char *uri, const struct secret *pin, struct key *out, struct err *err)
{
    /* For the life of the process: a key in a token signs only while its provider is active. */
    static OSSL_PROVIDER *provider;
    if (!OSSL_PROVIDER_available(NULL, "pkcs11")) {
        provider = OSSL_PROVIDER_try_load(NULL, "pkcs11", 1);
    }
    if (!provider && !OSSL_PROVIDER_available(NULL, "pkcs11")) {
        ERR_clear_error();
        err_set(err, ERR_ENV,
                "the signing key is in a PKCS#11 token, but OpenSSL has no provider "
                "named pkcs11 here");
        err_hint(err, "install pkcs11-provider and name the token's module in openssl.cnf, or use "
                      "a key file");
        return false;
    }
    UI_METHOD *method = UI_create_method("PIN");
    if (!method) {
        oom(sizeof(void *));
    }
    (void)UI_method_set_reader(method, answer);
    OSSL_STORE_CTX *store = OSSL_STORE_open(uri, method, (void *)(uintptr_t)pin, NULL, NULL);
    EVP_PKEY *pkey =
        store && OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY) == 1 ? first_key(store) : NULL;
    if (!pkey) {
        err_crypto(err, ERR_INPUT, "the PKCS#11 token does not give the signing key");
    }
    (void)OSSL_STORE_close(store);
    UI_destroy_method(method);
    ERR_clear_error();
    key_release(out);
    out->pkey = pkey;
    return pkey != NULL;
}
