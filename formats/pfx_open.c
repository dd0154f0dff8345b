/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening a PFX (RFC 7292) down to its bags. Order matters: the structure and every count that
 * can be seen is read first, then the MAC is verified, then safes are decrypted; all counts
 * together stay under LIMIT_PFX_ITERATIONS. BER is taken where other writers produce it
 * (indefinite lengths, strings in pieces). Decrypted bytes stay in wiped buffers.
 */
#include "formats/pfx_int.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_CONSTRUCTED = 0x20 };

struct safe {
    bool encrypted;
    struct pbe pbe;
    struct buf room; /* when the octets came in pieces */
    struct span octets;
};

struct opener {
    const struct secret *password;
    struct kdf_cache *kdf;
    struct arena *arena;
    struct pfx *out;
    unsigned budget; /* iterations left */
    struct safe safes[LIMIT_PFX_SAFES];
    size_t nsafes;
    struct err *err;
};

static bool malformed(const struct opener *o, const char *what)
{
    return err_set(o->err, ERR_INPUT, "the PFX is malformed: %s", what);
}

static bool spend(struct opener *o, unsigned iterations)
{
    if (iterations > o->budget) {
        return err_set(o->err, ERR_INPUT,
                       "the iteration counts of the PFX add up to more than %u: nothing more was "
                       "tried",
                       LIMIT_PFX_ITERATIONS);
    }
    o->budget -= iterations;
    return true;
}

static bool gather(const struct der *parent, const struct der_tlv *tlv, unsigned depth,
                   struct buf *room)
{
    struct der d = der_into(parent, tlv);
    struct der_tlv piece;
    while (depth && der_next(&d, &piece)) {
        if (piece.tag == DER_OCTET_STRING) {
            buf_add(room, piece.value.p, piece.value.n);
        } else if (piece.tag != (DER_OCTET_STRING | TAG_CONSTRUCTED) ||
                   !gather(&d, &piece, depth - 1, room)) {
            return false;
        }
    }
    return der_at_end(&d);
}

bool pfx_octets(const struct der *parent, const struct der_tlv *tlv, struct buf *room,
                struct span *out)
{
    if (!(tlv->tag & TAG_CONSTRUCTED)) {
        *out = tlv->value;
        return true;
    }
    if (!gather(parent, tlv, PFX_BAG_DEPTH, room) || buf_failed(room)) {
        return false;
    }
    *out = buf_span(room);
    return true;
}

/* An OCTET STRING in either form. */
static bool take_octets(struct der *d, struct buf *room, struct span *out)
{
    struct der_tlv tlv;
    return (der_take(d, DER_OCTET_STRING, &tlv) ||
            der_take(d, DER_OCTET_STRING | TAG_CONSTRUCTED, &tlv)) &&
           pfx_octets(d, &tlv, room, out);
}

/* ContentInfo { contentType, [0] content }: *content is a cursor over what is tagged. */
static bool content_info(struct der *d, struct span *type, struct der *content)
{
    struct der_tlv info, oid, tagged;
    if (!der_take(d, DER_SEQUENCE, &info)) {
        return false;
    }
    struct der i = der_into(d, &info);
    if (!der_take(&i, DER_OID, &oid) || !der_take(&i, DER_CONTEXT_CONSTRUCTED(0), &tagged)) {
        return false;
    }
    *type = oid.value;
    *content = der_into(&i, &tagged);
    return true;
}

/* --- attributes --- */

static const char *text_of_bmp(struct arena *a, struct span bmp)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_JKS_ALIAS * 4);
    char utf8[4];
    for (size_t i = 0; i + 1 < bmp.n; i += 2) {
        uint32_t c = (uint32_t)bmp.p[i] << 8 | bmp.p[i + 1];
        uint32_t low = i + 3 < bmp.n ? (uint32_t)bmp.p[i + 2] << 8 | bmp.p[i + 3] : 0;
        if (c >= 0xD800 && c < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        } else if (c == 0 || (c >= 0xD800 && c < 0xE000)) {
            c = 0xFFFD;
        }
        buf_add(&out, utf8, utf8_encode(c, utf8));
    }
    return buf_failed(&out) ? NULL : arena_strdup(a, buf_text(&out));
}

static void read_attribute(const struct opener *o, struct der d, struct pfx_bag *bag)
{
    struct der_tlv oid, set, value;
    if (!der_take(&d, DER_OID, &oid) || !der_take(&d, DER_SET, &set)) {
        return;
    }
    struct der s = der_into(&d, &set);
    if (!der_next(&s, &value)) {
        return;
    }
    if (der_oid_is(oid.value, OID_FRIENDLY_NAME) && value.tag == DER_BMP) {
        bag->name = text_of_bmp(o->arena, value.value);
    } else if (der_oid_is(oid.value, OID_LOCAL_KEY_ID) && value.tag == DER_OCTET_STRING) {
        bag->id =
            (struct span){arena_memdup(o->arena, value.value.p, value.value.n), value.value.n};
    } else if (der_oid_is(oid.value, OID_JDK_TRUSTED)) {
        bag->trusted = true;
    }
}

static void read_attributes(const struct opener *o, struct der *d, struct pfx_bag *bag)
{
    struct der_tlv set, attribute;
    if (!der_take(d, DER_SET, &set)) {
        return;
    }
    struct der s = der_into(d, &set);
    while (der_take(&s, DER_SEQUENCE, &attribute)) {
        read_attribute(o, der_into(&s, &attribute), bag);
    }
}

/* --- bags --- */

static struct pfx_bag *add_bag(struct opener *o)
{
    vec_reserve((void **)&o->out->v, &o->out->cap, o->out->n + 1, sizeof *o->out->v);
    struct pfx_bag *bag = &o->out->v[o->out->n++];
    *bag = (struct pfx_bag){.key = BUF_INIT(65536)};
    return bag;
}

static void note_cipher(struct opener *o, const struct pbe *pbe)
{
    if (!o->out->cipher) {
        o->out->cipher = pbe->cipher;
        o->out->pbes2 = pbe->pbes2;
        o->out->iterations = pbe->iterations;
    }
}

static bool open_shrouded(struct opener *o, struct der *value, struct pfx_bag *bag)
{
    struct der_tlv info, algorithm;
    struct pbe pbe;
    struct span sealed;
    CLEANUP(buf_release) struct buf room = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!der_take(value, DER_SEQUENCE, &info)) {
        return malformed(o, "a key bag is empty");
    }
    struct der i = der_into(value, &info);
    if (!der_take(&i, DER_SEQUENCE, &algorithm) || !take_octets(&i, &room, &sealed)) {
        return malformed(o, "a key bag holds no encrypted key");
    }
    if (!pbe_parse(&i, &algorithm, &pbe, o->err) || !spend(o, pbe.iterations)) {
        return false;
    }
    note_cipher(o, &pbe);
    return pbe_decrypt(&pbe, o->password, o->kdf, sealed, &bag->key, o->err) ||
           err_wrap(o->err, "the private key of the PFX");
}

static bool open_key(struct opener *o, struct der *value, struct pfx_bag *bag)
{
    struct der_tlv info;
    if (!der_take(value, DER_SEQUENCE, &info)) {
        return malformed(o, "a key bag is empty");
    }
    buf_add(&bag->key, info.whole.p, info.whole.n);
    return !buf_failed(&bag->key) || malformed(o, "a key is too large");
}

static bool open_cert(struct opener *o, struct der *value, struct pfx_bag *bag)
{
    struct der_tlv seq, type, tagged;
    struct span der;
    CLEANUP(buf_release) struct buf room = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!der_take(value, DER_SEQUENCE, &seq)) {
        return malformed(o, "a certificate bag is empty");
    }
    struct der s = der_into(value, &seq);
    if (!der_take(&s, DER_OID, &type) || !der_take(&s, DER_CONTEXT_CONSTRUCTED(0), &tagged)) {
        return malformed(o, "a certificate bag holds no certificate");
    }
    if (!der_oid_is(type.value, OID_X509_CERT)) {
        return malformed(o, "a certificate is of a type other than X.509");
    }
    struct der t = der_into(&s, &tagged);
    if (!take_octets(&t, &room, &der) || der.n == 0 || der.n > LIMIT_CERT_BYTES) {
        return malformed(o, "a certificate is empty or too large");
    }
    bag->cert = (struct span){arena_memdup(o->arena, der.p, der.n), der.n};
    return true;
}

static bool open_safe_contents(struct opener *o, struct der *d, unsigned depth);

static bool open_bag(struct opener *o, struct der *d, unsigned depth)
{
    struct der_tlv oid, tagged;
    if (!der_take(d, DER_OID, &oid) || !der_take(d, DER_CONTEXT_CONSTRUCTED(0), &tagged)) {
        return malformed(o, "a bag has no type or value");
    }
    struct der value = der_into(d, &tagged);
    if (der_oid_is(oid.value, OID_SAFE_BAG)) {
        return depth ? open_safe_contents(o, &value, depth - 1)
                     : malformed(o, "bags are nested too deeply");
    }
    bool shrouded = der_oid_is(oid.value, OID_SHROUDED_BAG);
    bool clear = der_oid_is(oid.value, OID_KEY_BAG);
    if (!shrouded && !clear && !der_oid_is(oid.value, OID_CERT_BAG)) {
        o->out->ignored++; /* CRLs, secrets, and what others invented */
        return true;
    }
    if (o->out->n == LIMIT_PFX_BAGS) {
        return malformed(o, "it holds more bags than the limit");
    }
    struct pfx_bag *bag = add_bag(o);
    bag->is_key = shrouded || clear;
    bool ok = shrouded ? open_shrouded(o, &value, bag)
              : clear  ? open_key(o, &value, bag)
                       : open_cert(o, &value, bag);
    if (ok) {
        read_attributes(o, d, bag);
    }
    return ok;
}

static bool open_safe_contents(struct opener *o, struct der *d, unsigned depth)
{
    struct der_tlv seq, bag;
    if (!der_take(d, DER_SEQUENCE, &seq) || !der_at_end(d)) {
        return malformed(o, "a safe holds no list of bags");
    }
    struct der s = der_into(d, &seq);
    while (der_take(&s, DER_SEQUENCE, &bag)) {
        struct der b = der_into(&s, &bag);
        if (!open_bag(o, &b, depth)) {
            return false;
        }
    }
    return der_at_end(&s) || malformed(o, "a bag is damaged");
}

static bool open_safe(struct opener *o, const struct safe *safe)
{
    CLEANUP(buf_wipe) struct buf clear = BUF_INIT(LIMIT_INPUT_BYTES);
    struct span contents = safe->octets;
    if (safe->encrypted) {
        note_cipher(o, &safe->pbe);
        if (!pbe_decrypt(&safe->pbe, o->password, o->kdf, contents, &clear, o->err)) {
            return err_wrap(o->err, "the certificates of the PFX");
        }
        contents = buf_span(&clear);
    }
    struct der d = der_over(contents);
    return open_safe_contents(o, &d, PFX_BAG_DEPTH);
}

/* --- the authenticated safe --- */

static bool parse_encrypted(struct opener *o, struct der *content, struct safe *safe)
{
    struct der_tlv data, t, info, algorithm, sealed;
    if (!der_take(content, DER_SEQUENCE, &data)) {
        return malformed(o, "an encrypted safe is empty");
    }
    struct der d = der_into(content, &data);
    if (!der_take(&d, DER_INTEGER, &t) || !der_take(&d, DER_SEQUENCE, &info)) {
        return malformed(o, "an encrypted safe is damaged");
    }
    struct der i = der_into(&d, &info);
    if (!der_take(&i, DER_OID, &t) || !der_take(&i, DER_SEQUENCE, &algorithm) ||
        (!der_take(&i, DER_CONTEXT(0), &sealed) &&
         !der_take(&i, DER_CONTEXT_CONSTRUCTED(0), &sealed)) ||
        !pfx_octets(&i, &sealed, &safe->room, &safe->octets)) {
        return malformed(o, "an encrypted safe is damaged");
    }
    return pbe_parse(&i, &algorithm, &safe->pbe, o->err) && spend(o, safe->pbe.iterations);
}

static bool parse_safe(struct opener *o, struct der *d)
{
    struct span type;
    struct der content;
    if (!content_info(d, &type, &content)) {
        return malformed(o, "a safe has no type or content");
    }
    if (o->nsafes == LIMIT_PFX_SAFES) {
        return malformed(o, "it holds more safes than the limit");
    }
    struct safe *safe = &o->safes[o->nsafes++];
    *safe = (struct safe){.room = BUF_INIT(LIMIT_INPUT_BYTES)};
    if (der_oid_is(type, OID_ENCRYPTED_DATA)) {
        safe->encrypted = true;
        return parse_encrypted(o, &content, safe);
    }
    if (der_oid_is(type, OID_ENVELOPED_DATA)) {
        return err_set(o->err, ERR_INPUT,
                       "a part of the PFX is encrypted for a public key, which is not supported");
    }
    return (der_oid_is(type, OID_DATA) && take_octets(&content, &safe->room, &safe->octets)) ||
           malformed(o, "a safe is of an unknown type");
}

static bool parse_safes(struct opener *o, struct span content)
{
    struct der d = der_over(content);
    struct der_tlv seq;
    if (!der_take(&d, DER_SEQUENCE, &seq) || !der_at_end(&d)) {
        return malformed(o, "it holds no list of safes");
    }
    struct der s = der_into(&d, &seq);
    while (s.p < s.end) {
        if (!parse_safe(o, &s)) {
            return false;
        }
    }
    return true;
}

/* --- the whole --- */

static bool mac_matches(struct opener *o, const struct pfx_mac *mac, struct span content,
                        const struct secret *password, bool *matches)
{
    uint8_t value[MAC_MAX];
    size_t n = 0;
    if (!pfx_mac_compute(mac, password, o->kdf, content, value, &n, o->err)) {
        return false;
    }
    *matches = n == mac->value.n && CRYPTO_memcmp(value, mac->value.p, n) == 0;
    return true;
}

/* An empty password and no password are two things to PKCS#12 (two zero octets, or none), and
 * writers disagree: both are tried, and the one that fits is used from then on. */
static bool verify_mac(struct opener *o, const struct pfx_mac *mac, struct span content)
{
    static const struct secret none = SECRET_INIT;
    bool matches = false;
    bool given = o->password && o->password->n > 0;
    if (!mac_matches(o, mac, content, o->password, &matches)) {
        return false;
    }
    if (!matches && !given && o->password) {
        if (!mac_matches(o, mac, content, &none, &matches)) {
            return false;
        }
        o->password = matches ? &none : o->password;
    }
    if (matches) {
        return true;
    }
    return err_set(o->err, ERR_INPUT,
                   given ? "wrong password, or the PFX was changed: its MAC differs"
                         : "the PFX needs a password");
}

static bool open_all(struct opener *o, struct span input, struct buf *room)
{
    struct der d = der_over(input);
    struct der_tlv seq, version, mac_data;
    struct span type, content;
    struct der inner;
    struct pfx_mac mac = {.present = false};
    if (!der_take(&d, DER_SEQUENCE, &seq) || !der_at_end(&d)) {
        return malformed(o, d.bad ? d.bad : "there are bytes after its end");
    }
    struct der p = der_into(&d, &seq);
    if (!der_take(&p, DER_INTEGER, &version) || version.value.n != 1 ||
        version.value.p[0] != PFX_VERSION || !content_info(&p, &type, &inner)) {
        return malformed(o, "its head is damaged or its version is not 3");
    }
    if (der_oid_is(type, OID_SIGNED_DATA)) {
        return err_set(o->err, ERR_INPUT,
                       "the PFX is signed with a public key, which is not supported");
    }
    if (!der_oid_is(type, OID_DATA) || !take_octets(&inner, room, &content)) {
        return malformed(o, "it holds no data");
    }
    if (der_take(&p, DER_SEQUENCE, &mac_data) &&
        (!pfx_mac_parse(&p, &mac_data, &mac, o->err) || !spend(o, mac.kdf.iterations))) {
        return false;
    }
    if (!der_at_end(&p)) {
        return malformed(o, "there is something after the MAC");
    }
    if (!parse_safes(o, content) || (mac.present && !verify_mac(o, &mac, content))) {
        return false;
    }
    o->out->mac = mac.digest;
    o->out->pbmac1 = mac.pbmac1;
    for (size_t i = 0; i < o->nsafes; i++) {
        if (!open_safe(o, &o->safes[i])) {
            return false;
        }
    }
    return true;
}

bool pfx_open(struct span input, const struct secret *password, struct kdf_cache *kdf,
              struct arena *arena, struct pfx *out, struct err *err)
{
    struct opener o = {.password = password,
                       .kdf = kdf,
                       .arena = arena,
                       .out = out,
                       .budget = LIMIT_PFX_ITERATIONS,
                       .err = err};
    CLEANUP(buf_wipe) struct buf room = BUF_INIT(LIMIT_INPUT_BYTES); /* may hold a clear key bag */
    bool ok = open_all(&o, input, &room);
    for (size_t i = 0; i < o.nsafes; i++) {
        buf_wipe(&o.safes[i].room);
    }
    return ok;
}

void pfx_release(struct pfx *p)
{
    for (size_t i = 0; i < p->n; i++) {
        buf_wipe(&p->v[i].key);
    }
    free(p->v);
    *p = (struct pfx)PFX_INIT;
}
