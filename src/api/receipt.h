/*
 * api/receipt: "Prefer: receipt": the answer with the proof of its entry and the entry's exact text (P6).
 */
#ifndef API_RECEIPT_H
#define API_RECEIPT_H

#include "api/call.h"

/*
 * Answers the call, whose one job is done and wanted a receipt. When no checkpoint covers the entry yet, because
 * signing fails, the answer comes without `receipt`: it is true all the same.
 */
void receipt_answer(struct call *call);

#endif
