/* SPDX-License-Identifier: Apache-2.0
 *
 * ISO 3166-1 alpha-2 country codes. Which attributes hold one is the business of rules.
 */
#include "policy/country.h"

#include <string.h>

/* Two letters each, sorted. */
static const char iso_countries[] =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCG"
    "CHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGL"
    "GMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLA"
    "LBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONP"
    "NRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSV"
    "SXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";
_Static_assert(sizeof iso_countries == 249 * 2 + 1, "ISO 3166-1 has 249 codes");

bool country_is_iso(const char *text, size_t n)
{
    for (const char *p = iso_countries; n == 2 && *p; p += 2) {
        if (p[0] == text[0] && p[1] == text[1]) {
            return true;
        }
    }
    return false;
}

const char *country_hint(const char *text, size_t n)
{
    static const struct {
        char code[3];
        const char *hint;
    } hints[] = {{"UK", "; the United Kingdom is GB"},
                 {"XK", "; Kosovo has no code, XX is allowed in the country"},
                 {"EL", "; Greece is GR"},
                 {"EU", "; write the country, not the union"}};
    for (size_t i = 0; n == 2 && i < sizeof hints / sizeof *hints; i++) {
        if (memcmp(hints[i].code, text, 2) == 0) {
            return hints[i].hint;
        }
    }
    return "";
}
