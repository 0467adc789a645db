/*
 * cli/why: `tally why`: what a check-out would come to now, and what came of the last one.
 */
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/request_rows.h"

static const struct option_row why_rows[] = {
    OPTION_NEEDED_ROW("feature", feature, "FEATURE", SHAPED_QUERY, "product/feature, or a bare name"),
    OPTION_INT_ROW("quantity", quantity, 1, QUANTITY_MAX, SHAPED_QUERY, "seats (default: 1)"),
};

const struct cli_command why_command = REQUEST_COMMAND(
    why_rows, SPEC("GET", "/v1/why", .columns = "feature quantity answer code reason detail last_denials"),
    .words = "why", .summary = "why a seat can or can't be had", .example = "tally why --feature cad/render");
