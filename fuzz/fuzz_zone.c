/*
 * fuzz/zone: any bytes as a TZif file, as a POSIX rule and as a zone's name. What is accepted gives offsets that a
 * day can hold, and instants at which the clock does show the time that was asked for.
 */
#include <assert.h>

#include "codec/timetext.h"
#include "service/zone.h"

static void ask(const struct zone *zone, int64_t local_s)
{
    int64_t utc_s[2];
    int count = zone_to_utc(zone, local_s, utc_s);

    assert(count == 1 || count == 2);
    for (int i = 0; i < count; i++) {
        int32_t offset_s = zone_offset_at(zone, utc_s[i]);
        assert(offset_s > -27 * 3600 && offset_s < 27 * 3600);
        if (count == 2)
            assert(utc_s[i] + offset_s == local_s);
    }
    assert(count == 1 || utc_s[0] < utc_s[1]);
}

static void ask_all(const struct zone *zone)
{
    for (int year = 1970; year <= 2070; year += 7) {
        for (int month = 1; month <= 12; month++)
            ask(zone, civil_to_days((struct civil_date){ year, month, 28 }) * DAY_S + month * 3600);
    }
    for (size_t i = 0; i < zone->change_count && i < 64; i++) {
        if (zone->changes[i].at_s > -((int64_t)1 << 40) && zone->changes[i].at_s < (int64_t)1 << 36)
            ask(zone, zone->changes[i].at_s + zone->changes[i].offset_s);
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    AUTO(struct zone, zone_free) zone = { 0 };
    struct zone ruled = { .has_rule = true };
    struct str text = { (const char *)data, len };
    int32_t offset_s = 0;

    if (zone_read_tzif(text, &zone, NULL).code == CODE_OK)
        ask_all(&zone);
    if (zone_read_rule(text, &ruled.rule).code == CODE_OK)
        ask_all(&ruled);
    if (zone_read_name(text, &offset_s, NULL).code == CODE_OK)
        assert(offset_s > -16 * 3600 && offset_s < 16 * 3600);
    return 0;
}
