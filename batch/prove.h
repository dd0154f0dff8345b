/* SPDX-License-Identifier: Apache-2.0
 *
 * One item of an audit bundle for those who may see this item only: its files, and the proof that
 * they are part of the sealed whole.
 *
 * bag-info.txt of an audit bundle names the roots of two Merkle trees (formats/merkle.h) over all
 * items in the order of their ids: of what was planned (batch/population.h) and of the records of
 * what became of it (the bytes of record.json). The tag manifest lists bag-info.txt, and the seals
 * are over the tag manifest. A proof is a BagIt bag of its own, <batch>-<item>-proof.tar.gz:
 *
 *   data/record.json request.csr certificate.pem chain.pem    as in the audit bundle
 *   data/proof.json                                           place and path in both trees
 *   data/bundle/...                                           bag-info.txt, tag manifest, seals
 *   README.txt                                                the same with sha256sum and openssl
 *
 * Nothing in it speaks of another item, beyond how many there are.
 */
#ifndef BATCH_PROVE_H
#define BATCH_PROVE_H

#include "formats/base/buf.h"
#include "formats/base/err.h"

#define PROVE_SIZE         "Items-Count"
#define PROVE_ITEMS_ROOT   "Items-Merkle-Root"
#define PROVE_RECORDS_ROOT "Records-Merkle-Root"
#define PROVE_SUFFIX       "-proof"

/* Writes the proof into out_dir (NULL: beside the bundle); *path is the caller's to free. A bundle
 * whose roots do not fit its items proves nothing: ERR_FINDINGS. */
bool prove_item(const char *bundle, const char *item, const char *out_dir, char **path,
                struct err *err) MUST_USE;
/* The value of a label of bag-info.txt, into out; false: it is not there. */
bool prove_label(const struct buf *bag_info, const char *label, struct buf *out);

#endif
