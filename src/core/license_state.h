/*
 * core/license_state: which states of a licence follow which: the table that both decide and apply ask, and that the
 * documents are drawn from.
 */
#ifndef CORE_LICENSE_STATE_H
#define CORE_LICENSE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/audit.h"
#include "core/words.h"

/* Whether a licence may go from one state to the other. Nothing follows REVOKED. */
bool license_may_move(enum license_state from, enum license_state to);
/* The code of the entry that records the move; AUDIT_LICENSE_CHANGED where that is what brings it about. */
enum audit_code license_move_code(enum license_state from, enum license_state to);
/* The state that a licence with these terms is in when nobody suspended or revoked it. */
enum license_state license_state_by_time(int64_t starts_ms, int64_t ends_ms, int64_t now_ms);

#endif
