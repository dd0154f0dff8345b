/* SPDX-License-Identifier: Apache-2.0
 *
 * The PFX profiles: which readers take which encryption. 3DES is for readers that answer AES or
 * a SHA-256 MAC with a misleading "wrong password". No profile goes above 300,000 iterations,
 * where the .NET loader stops: strength comes from random passwords.
 */
#include "formats/base/schema.h"
#include "formats/base/str.h"
#include "formats/keystore.h"

/* id, name, PBES2, MAC, iterations, weak, readers */
#define PROFILES(X)                                                                                \
    X(MODERN, "modern", true, "SHA256", 10000, false,                                              \
      "AES-256 and SHA-256: OpenSSL 1.1.1, Java 8u301, 11.0.12 and 12, Windows 10 1709 and "       \
      "Server 2019, NSS, GnuTLS, and newer")                                                       \
    X(WINDOWS_2019, "windows-2019", true, "SHA256", 10000, false,                                  \
      "AES-256 and SHA-256: Windows 10 1709, Windows Server 2019, and newer")                      \
    X(WINDOWS_2016, "windows-2016", false, "SHA1", 2048, true,                                     \
      "3DES and SHA-1: Windows Server 2012 to 2016, which refuse AES as a wrong password")         \
    X(JAVA_8, "java-8", false, "SHA1", 10000, true,                                                \
      "3DES and SHA-1: Java 8 before 8u301 and 11 before 11.0.12, which refuse SHA-256")           \
    X(MACOS, "macos", false, "SHA1", 2048, true,                                                   \
      "3DES and SHA-1: macOS Keychain and iOS, whose import refuses a SHA-256 MAC")                \
    X(ANDROID, "android", false, "SHA1", 2048, true,                                               \
      "3DES and SHA-1: Android up to 13, which refuses PBES2 as a wrong password")                 \
    X(COMPAT, "compat", false, "SHA1", 2048, true,                                                 \
      "3DES and SHA-1: every reader known, for files that must open anywhere")

enum {
#define ID(id, name, pbes2, mac, iterations, weak, help) PROFILE_##id,
    PROFILES(ID)
};

const struct pfx_profile pfx_profiles[] = {
#define ROW(id, name, pbes2, mac, iterations, weak, help)                                          \
    [PROFILE_##id] = {name, help, pbes2, mac, iterations, weak},
    PROFILES(ROW)};
const size_t pfx_profiles_count = NITEMS(pfx_profiles);

const struct word pfx_profile_words[] = {
#define WORD(id, name, pbes2, mac, iterations, weak, help) {name, PROFILE_##id, help},
    PROFILES(WORD){0}};

const struct pfx_profile *pfx_profile_find(const char *name)
{
    for (size_t i = 0; i < pfx_profiles_count; i++) {
        if (str_eq(pfx_profiles[i].name, name)) {
            return &pfx_profiles[i];
        }
    }
    return NULL;
}
