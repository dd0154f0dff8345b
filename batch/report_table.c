/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of report writers, see report.h: the audit bundle holds one of each.
 */
#include "batch/report.h"

#include "formats/base/str.h"

const struct report_writer report_writers[] = {
    {"json", "report.json", report_json_to},
    {"csv", "report.csv", report_csv_to},
    {"xlsx", "report.xlsx", report_xlsx_to},
    {"junit", "junit.xml", report_junit_to},
    {"sarif", "findings.sarif", report_sarif_to},
    {"close-notes", "close-notes.txt", report_notes_to},
    {NULL, NULL, NULL},
};

const struct report_writer *report_writer_find(const char *format)
{
    for (const struct report_writer *w = report_writers; w->format; w++) {
        if (str_eq(w->format, format)) {
            return w;
        }
    }
    return NULL;
}
