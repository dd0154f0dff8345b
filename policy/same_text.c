/* SPDX-License-Identifier: Apache-2.0
 *
 * Comparison of names as people see them. Both sides become base letters and combining marks
 * (the order NFD has), blanks are collapsed, then the octets are compared; a second pass with
 * small letters tells a difference in case from a difference in the name.
 */
#include "policy/same_text.h"

#include "formats/base/str.h"

#include <string.h>

/* By combining mark: pairs of a base letter and the composed one (Unicode 15, U+00C0..U+017E). */
static const struct {
    uint32_t mark;
    const char *pairs;
} compositions[] = {
    {0x0300, "AÀEÈIÌOÒUÙaàeèiìoòuù"},
    {0x0301, "AÁEÉIÍOÓUÚYÝCĆLĹNŃRŔSŚZŹaáeéiíoóuúyýcćlĺnńrŕsśzź"},
    {0x0302, "AÂEÊIÎOÔUÛCĈGĜHĤJĴSŜWŴYŶaâeêiîoôuûcĉgĝhĥjĵsŝwŵyŷ"},
    {0x0303, "AÃNÑOÕIĨUŨaãnñoõiĩuũ"},
    {0x0304, "AĀEĒIĪOŌUŪaāeēiīoōuū"},
    {0x0306, "AĂEĔGĞIĬOŎUŬaăeĕgğiĭoŏuŭ"},
    {0x0307, "CĊEĖGĠIİZŻcċeėgġzż"},
    {0x0308, "AÄEËIÏOÖUÜYŸaäeëiïoöuüyÿ"},
    {0x030A, "AÅUŮaåuů"},
    {0x030B, "OŐUŰoőuű"},
    {0x030C, "CČDĎEĚLĽNŇRŘSŠTŤZŽcčdďeělľnňrřsštťzž"},
    {0x0327, "CÇGĢKĶLĻNŅRŖSŞTŢcçgģkķlļnņrŗsştţ"},
    {0x0328, "AĄEĘIĮUŲaąeęiįuų"},
};

/* The base letter of a composed one and its mark; false when it is none. */
static bool decompose(uint32_t c, char *base, uint32_t *mark)
{
    for (size_t i = 0; c >= 0xC0 && c <= 0x17E && i < NITEMS(compositions); i++) {
        const char *p = compositions[i].pairs;
        while (*p) {
            uint32_t composed;
            const size_t n = utf8_decode(p + 1, strlen(p + 1), &composed);
            if (composed == c) {
                *base = *p;
                *mark = compositions[i].mark;
                return true;
            }
            p += 1 + n;
        }
    }
    return false;
}

/* Simple case folding of Latin, Greek and Cyrillic letters that are not decomposed. */
static uint32_t fold(uint32_t c)
{
    if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) ||
        (c >= 0x410 && c <= 0x42F)) {
        return c + 0x20;
    }
    if (c >= 0x400 && c <= 0x40F) {
        return c + 0x50;
    }
    /* the pairs of Latin Extended-A begin with even code points, between 0139 and 0148 with odd */
    const bool odd = c >= 0x139 && c <= 0x148;
    if (c >= 0x100 && c <= 0x177 && c != 0x130 && c != 0x138 && (c & 1) == odd) {
        return c + 1;
    }
    return c < 0x80 ? (uint32_t)(unsigned char)ascii_lower((char)c) : c;
}

static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x202F || c == 0x3000;
}

static char *put(char *q, uint32_t c, bool folded)
{
    return q + utf8_encode(folded ? fold(c) : c, q);
}

/* The comparable form; at most 3 octets for each one of the input. */
static char *normal(struct arena *a, const char *s, size_t n, bool folded)
{
    char *out = arena_alloc(a, 3 * n + 1);
    char *q = out;
    bool gap = false;
    for (size_t i = 0; i < n;) {
        uint32_t c = 0xFFFD;
        const size_t used = utf8_decode(s + i, n - i, &c);
        i += used ? used : 1;
        c = used && c ? c : 0xFFFD;
        if (is_space(c)) {
            gap = q > out;
            continue;
        }
        if (gap) {
            *q++ = ' ';
            gap = false;
        }
        char base;
        uint32_t mark;
        if (decompose(c, &base, &mark)) {
            q = put(q, (unsigned char)base, folded);
            c = mark;
        }
        q = put(q, c, folded);
    }
    *q = '\0';
    return out;
}

enum { COMPARED_MAX = 1024 }; /* octets; no attribute of a real name is longer */
enum text_match text_compare(struct arena *a, const char *x, size_t nx, const char *y, size_t ny)
{
    if (nx == ny && memcmp(x, y, nx) == 0) {
        return TEXT_SAME;
    }
    if (nx > COMPARED_MAX || ny > COMPARED_MAX) {
        return TEXT_DIFFERS;
    }
    if (strcmp(normal(a, x, nx, false), normal(a, y, ny, false)) == 0) {
        return TEXT_SAME;
    }
    return strcmp(normal(a, x, nx, true), normal(a, y, ny, true)) == 0 ? TEXT_CASE : TEXT_DIFFERS;
}
