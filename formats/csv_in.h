/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV as other programs write it (RFC 4180 and its relatives), through libcsv. What is read:
 *
 *  - UTF-8 with or without BOM, UTF-16 of either order (with BOM, or where every other byte is
 *    zero), Windows-1252 only when it is asked for: nothing tells it from damaged UTF-8;
 *  - separated by comma, semicolon, TAB or bar: as given, else as a first line "sep=;" says (which
 *    spreadsheets write and read), else the one that stands most often in the first line;
 *  - lines that end in LF, CRLF or CR; quoted cells with line ends in them (LF in the result);
 *  - rows of different length.
 *
 * A quotation mark in the middle of an unquoted cell and a quoted cell without end are refused with
 * their row: behind them nothing is certain. No I/O; thread safe.
 */
#ifndef FORMATS_CSV_IN_H
#define FORMATS_CSV_IN_H

#include "formats/base/buf.h"
#include "formats/base/err.h"
#include "formats/rows.h"

enum text_encoding { TEXT_AUTO, TEXT_UTF8, TEXT_UTF16LE, TEXT_UTF16BE, TEXT_WINDOWS_1252 };

/* Text of any of these to UTF-8 without BOM and with LF line ends. `name` is for messages. */
bool text_in(const char *name, struct span bytes, enum text_encoding encoding, struct buf *out,
             struct err *err) MUST_USE;

struct csv_in_options {
    enum text_encoding encoding;
    char delimiter; /* 0 = detect */
};
/* *delimiter (may be NULL) gets the one that was used. */
bool csv_in_read(struct arena *a, const char *name, struct span bytes,
                 const struct csv_in_options *options, struct rows *out, char *delimiter,
                 struct err *err) MUST_USE;

#endif
