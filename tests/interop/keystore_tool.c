/* SPDX-License-Identifier: Apache-2.0
 *
 * For keystores.sh: writes key stores of every kind into a directory, with the clear keys beside
 * them so that other tools can compare, and shows what our reader finds in a store of others.
 *
 *     keystore_tool write DIR STOREPASS KEYPASS
 *     keystore_tool show FILE STOREPASS KEYPASS    one line: alias, key|cert, SPKI digest, certs
 */
#include "formats/keystore.h"
#include "tests/unit/keystore_fixture.h"

static const struct {
    enum key_type type;
    const char *name;
} kinds[] = {{KEY_RSA_2048, "rsa"}, {KEY_EC_P256, "ec"}, {KEY_ED25519, "ed"}};

static void save(const char *dir, const char *name, const char *suffix, const struct buf *bytes)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    FILE *f = fopen(arena_printf(&a, "%s/%s%s", dir, name, suffix), "wb");
    if (!f || fwrite(bytes->p, 1, bytes->n, f) != bytes->n || fclose(f) != 0) {
        (void)fprintf(stderr, "cannot write %s/%s%s\n", dir, name, suffix);
        exit(1);
    }
}

static void need(bool ok, const struct err *err)
{
    if (!ok) {
        (void)fprintf(stderr, "%s\n", err->msg);
        exit(1);
    }
}

static void write_pfx(const char *dir, const struct keystore_entry *e, const char *profile)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
    struct err err = ERR_INIT;
    need(pfx_write(e, pfx_profile_find(profile), 0, &out, &err), &err);
    need(keystore_check(buf_span(&out), e, &err), &err);
    save(dir, e->alias, arena_printf(&a, "-%s.p12", profile), &out);
}

static void write_jks(const char *dir, const char *name, const struct keystore_entry *e, size_t n,
                      const struct secret *password)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
    struct err err = ERR_INIT;
    need(jks_write(e, n, password, &out, &err), &err);
    save(dir, name, ".jks", &out);
}

static void write_key(const char *dir, const char *name, const struct key *key,
                      const struct secret *password)
{
    struct buf pem = BUF_INIT(1 << 16);
    struct err err = ERR_INIT;
    key_pem(key, &pem);
    save(dir, name, ".key", &pem);
    buf_reset(&pem);
    need(key_pem_encrypted(key, password, 10000, &pem, &err), &err);
    save(dir, name, ".encrypted.key", &pem);
    buf_wipe(&pem);
}

static void write_all(const char *dir, const struct secret *store, const struct secret *key)
{
    struct keystore_entry entries[NITEMS(kinds)];
    struct fixture f[NITEMS(kinds)];
    for (size_t i = 0; i < NITEMS(kinds); i++) {
        fixture_make(&f[i], kinds[i].type);
        entries[i] = (struct keystore_entry){.alias = kinds[i].name,
                                             .key = &f[i].leaf_key,
                                             .leaf = f[i].leaf,
                                             .chain = f[i].chain,
                                             .nchain = 2,
                                             .password = store,
                                             .created = 1795262400};
        write_pfx(dir, &entries[i], "modern");
        write_pfx(dir, &entries[i], "compat");
        write_key(dir, kinds[i].name, &f[i].leaf_key, key);
        entries[i].key_password = key;
    }
    write_jks(dir, "all", entries, NITEMS(kinds), store);
    struct keystore_entry root = {.alias = "corp-root", .leaf = f[0].chain[1], .password = store};
    write_pfx(dir, &root, "modern");
    write_jks(dir, "trust", &root, 1, store);
    for (size_t i = 0; i < NITEMS(kinds); i++) {
        fixture_release(&f[i]);
    }
}

static int show(const char *path, const struct secret *store, const struct secret *key)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(keystore_release) struct keystore k = KEYSTORE_INIT;
    struct err err = ERR_INIT;
    if (!keystore_read(fixture_file(&a, path), store, key, &k, &err)) {
        (void)printf("error %s\n", err.msg);
        return 1;
    }
    for (size_t i = 0; i < k.n; i++) {
        const struct keystore_item *item = &k.v[i];
        const char *digest = item->key.pkey ? hex_dup(&a, item->key.spki_sha256, SHA256_SIZE) : "-";
        (void)printf("%s %s %s %zu\n", item->alias, item->has_key ? "key" : "cert", digest,
                     item->ncerts);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        return 2;
    }
    struct secret store = fixture_secret(argv[3]), key = fixture_secret(argv[4]);
    int rc = 0;
    if (str_eq(argv[1], "write")) {
        write_all(argv[2], &store, &key);
    } else {
        rc = show(argv[2], &store, &key);
    }
    secret_release(&store);
    secret_release(&key);
    return rc;
}
