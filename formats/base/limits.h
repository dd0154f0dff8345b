/* SPDX-License-Identifier: Apache-2.0
 *
 * Every limit of the program, each with its reason. A limit is tested on both sides
 * (n and n+1) by tests/unit/t_limits.c or by the unit test of the module that enforces it.
 */
#ifndef FORMATS_BASE_LIMITS_H
#define FORMATS_BASE_LIMITS_H

/* YAML: libyaml 0.2.5 has no limit of its own and is quadratic in flow nesting. */
#define LIMIT_YAML_BYTES  (8u << 20)  /* a 10,000 item manifest is about 4 MB */
#define LIMIT_YAML_DEPTH  32u         /* deepest real document: policy, 9 */
#define LIMIT_YAML_NODES  500000u     /* 10,000 items x 50 keys */
#define LIMIT_YAML_SCALAR (64u << 10) /* longest real scalar: a comment of some KB */

#define LIMIT_ITEMS   50000u /* orders and revocations of one manifest */
#define LIMIT_ITEM_ID 64u    /* names files; design 5 */

#define LIMIT_CSR_BYTES   (64u << 10) /* 4 MB hostile CSRs exist; real ones stay under 16 KiB */
#define LIMIT_CERT_BYTES  (64u << 10)
#define LIMIT_DER_DEPTH   32u /* OpenSSL itself stops at 30 */
#define LIMIT_SANS        1000u
#define LIMIT_DN_ATTRS    100u /* the longest real subject has 17; rules compare them pairwise */
#define LIMIT_EXTENSIONS  100u
#define LIMIT_RSA_BITS    16384u /* before any arithmetic; policy sets the real bound */
#define LIMIT_CHAIN       10u
#define LIMIT_INPUT_BYTES (32u << 20) /* any file read whole: CRLs, PKCS#7, keystores, plans */

#define LIMIT_JKS_ENTRIES    100000u
#define LIMIT_JKS_ALIAS      255u
#define LIMIT_JKS_BLOB       (64u << 10)
#define LIMIT_JKS_CHAIN      16u
#define LIMIT_PFX_ITERATIONS 5000000u /* the JDK's own reader limit (PKCS12KeyStore) */
#define LIMIT_PFX_SAFES      16u      /* real files have 2 */
#define LIMIT_PFX_BAGS       1000u    /* trust stores hold a few hundred; .NET stops at 200 + 200 */

/* Archives that are verified. 50,000 items make 350,000 entries; their journal is the largest. */
#define LIMIT_ARCHIVE_ENTRIES    1000000u
#define LIMIT_ARCHIVE_NAME       255u
#define LIMIT_ARCHIVE_ENTRY      (256u << 20)
#define LIMIT_ARCHIVE_TOTAL      (8ull << 30)
#define LIMIT_ARCHIVE_RATIO      100u       /* unpacked to packed; deflate itself reaches 1032 */
#define LIMIT_ARCHIVE_RATIO_FREE (8u << 20) /* small archives may be any ratio */

/* Tables that are imported. Spreadsheets themselves end at 16,384 columns and 32,767 characters. */
#define LIMIT_TABLE_BYTES   (64u << 20) /* of the file; 50,000 rows of an inventory: 20 MB */
#define LIMIT_TABLE_ROWS    200000u
#define LIMIT_TABLE_COLUMNS 1024u /* real exports have up to 200 */
#define LIMIT_TABLE_CELLS   4000000u
#define LIMIT_TABLE_CELL    (32u << 10)
#define LIMIT_XLSX_PART     (256u << 20) /* one XML part, unpacked */
#define LIMIT_XLSX_PARTS    4096u
#define LIMIT_XML_DEPTH     64u /* a worksheet nests 6 deep */

#define LIMIT_REGEX_PATTERN  1024u
#define LIMIT_REGEX_SUBJECT  1024u
#define LIMIT_REGEX_PAGE     (1u << 20) /* of a page that is searched, and the steps for it */
#define LIMIT_REGEX_PARENS   50u
#define LIMIT_REGEX_MATCH    100000u /* default of 10,000,000 lets (a+)+$ run 165 ms on 41 bytes */
#define LIMIT_REGEX_DEPTH    1000u
#define LIMIT_REGEX_HEAP_KIB 1000u

#define LIMIT_EXTENDS_DEPTH  8u
#define LIMIT_JOURNAL_RECORD (16u << 10)
#define LIMIT_JOURNAL_RESERVE                                                                      \
    (1u << 20) /* kept free past the end so replies fit on a full disk                             \
                */
#define LIMIT_MESSAGE     (4u << 10)
#define LIMIT_HITS        100u /* findings of one rule about one item that are listed singly */
#define LIMIT_VALUE_SHOWN 200u /* bytes of a foreign value in a finding */
#define LIMIT_ORDER_ID    256u
#define LIMIT_PHASES      2000u /* requests one step may take: pages of a list, mostly */
#define LIMIT_PATH        4096u
#define LIMIT_WALK_DEPTH  64u /* directories below one that lint is given */
#define LIMIT_SECRET      (4u << 10)
#define LIMIT_WORKERS     64u

#endif
