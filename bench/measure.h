/*
 * bench/measure: what the programs of bench/ share: ending when something is wrong, scratch directories, samples.
 *
 * A program prints what it measured for people. For bench/run it also notes samples: when TALLY_BENCH_SAMPLES names a
 * file, sample() appends one line of JSON to it, {"name":…,"value":…}. Samples of one name are in the order of their
 * rounds, so that bench/run can pair a figure with its baseline of the same round. One thread.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

#define SCRATCH_BYTES 512

/* End the program, saying what was wrong: a measurement that went wrong is none. */
void must(bool good, const char *what);
void must_ok(status s, const struct err *err); /* err may be NULL */

/* A number option of the command line, 1 to max, in decimal. */
uint64_t must_number(const char *text, uint64_t max, const char *what);

double seconds_since(int64_t began_us);
double processor_seconds(void); /* that this process has used, on all cores: others on the machine do not count */
double thread_seconds(void);    /* the calling thread's part of it */

/* A new directory "<parent>/bench-<name>-XXXXXX", and its removal with all files in it. */
void scratch_make(const char *parent, const char *name, char *ret_dir);
void scratch_remove(const char *dir);

/* The value below which that share of them lies; sorts them. */
double at_share(double *values, size_t count, double share);
void sample(const char *name, double value);

/* Bytes of this process that are in memory. */
uint64_t resident_bytes(void);

#endif
