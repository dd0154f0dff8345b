/* SPDX-License-Identifier: Apache-2.0
 *
 * Are two spellings of a name the same? White space is collapsed, composed and decomposed
 * accents count alike (canonical equivalence of the letters of Latin-1 and Latin Extended-A;
 * other letters compare as they are written). Pure; thread safe.
 */
#ifndef POLICY_SAME_TEXT_H
#define POLICY_SAME_TEXT_H

#include "formats/base/arena.h"

enum text_match { TEXT_DIFFERS, TEXT_CASE, TEXT_SAME }; /* CASE: only in upper and lower case */
enum text_match text_compare(struct arena *a, const char *x, size_t nx, const char *y, size_t ny);

#endif
