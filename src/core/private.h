/*
 * core/private: the commitment that stands in a leaf for text about people (P8).
 *
 * SHA-256("tallystick/private/v1" ‖ 0x00 ‖ salt ‖ text). The salt's 32 random bytes keep a guessed text from being
 * recognised once the vault has dropped it.
 */
#ifndef CORE_PRIVATE_H
#define CORE_PRIVATE_H

#include "base/str.h"
#include "crypto/hash.h"

#define PRIVATE_SALT_BYTES 32

struct hash private_commitment(const uint8_t *salt, struct str text);

#endif
