/*
 * cli/replay_licenses: what a replay needs at the server before it can begin: products, their features, and licences
 * with as many seats as the log ever had in use at once.
 */
#ifndef CLI_REPLAY_LICENSES_H
#define CLI_REPLAY_LICENSES_H

#include "sdk/client.h"
#include "service/flexnet_usage.h"

/* What is there already is left as it is. The organisation `holder` is made when it is missing. */
MUST_CHECK status replay_licenses_make(struct client *client, const struct flexnet_usage *usage, const char *holder,
                                       struct err *err);

#endif
