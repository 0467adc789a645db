#!/usr/bin/env python3
"""Use of each feature in a FlexNet debug log: the independent figures that tests compare Tallystick's with.

Written from the format alone, the slow and plain way: every line is matched by regular expressions and kept, then
dated as a whole, then paired holder by holder. Nothing here is shared with src/service.

    flexnet_usage.py LOG [--zone Europe/Madrid|+02:00] [--json]

Prints, separated by tabs and sorted by feature (daemon/feature):
feature peak seat_seconds grants returns denied open restart_closed unmatched
"""
import argparse
import bisect
import collections
import datetime
import itertools
import json
import re
import sys
import zoneinfo

COLUMNS = "feature peak seat_seconds grants returns denied open restart_closed unmatched".split()
DAY = 86400

# A line: time of day with the hour's zero as a space, or the date and offset of lmgrd -datestamp.
CLOCK_LINE = re.compile(r" ?(\d{1,2}):(\d\d):(\d\d) \(([^)]+)\) ?(.*)", re.S)
STAMP_LINE = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(Z|[+-]\d\d:?\d\d) \(([^)]+)\) ?(.*)", re.S)

NUMERIC_DATE = re.compile(r"(?:TIMESTAMP |flex.* started on .*\()(\d{1,2})/(\d{1,2})/(\d{4})\)?\s*$", re.S | re.I)
WORDED_DATE = re.compile(
    r"(?:Server's System Date and Time|\(@[^)]*\) *(?:Time|Start-Date)): *"
    r"\S+ +(\S+) +(\d{1,2}) (\d{4}) +(\d{1,2}):(\d\d):(\d\d) ?(.*)$", re.S)
MONTHS = {name: number for number, names in enumerate((
    "jan ene janv gen", "feb fev fév févr febr", "mar mars mrz mär mrt", "apr abr avr", "may mai mag mei",
    "jun juin giu", "jul juil lug", "aug ago août", "sep sept set", "oct okt ott out", "nov", "dec dez dic déc"), 1)
    for name in names.split()}
ZONES = {"UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "BST": 1, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "JST": 9,
         "AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}

STARTS = re.compile(r"(?:flexnet licensing|flexlm) version ", re.I)
MANAGER_STARTS = re.compile(r"flex.* started on ", re.I)
MANAGER_STARTS_VENDOR = re.compile(r"(?:RES|S)tarted (\S+) \(")
EVENT = re.compile(r'(OUT|IN|INACTIVE|DENIED): *"([^"]{1,64})" *(?:\([^)]*\) +)?(.*)', re.S)
NAME_AND_TAIL = re.compile(r"(.*?@.*?)(?:  +(?=[(\[])|\s*$)(.*)", re.S)
QUANTITY = re.compile(r"\((\d{1,9})(?: [^\s()]+)?\)")

Line = collections.namedtuple("Line", "second daemon text stamp")
Event = collections.namedtuple("Event", "line kind feature user host quantity")


def seconds(hour, minute, second):
    return int(hour) * 3600 + int(minute) * 60 + min(int(second), 59)


def day_number(year, month, day):
    return datetime.date(int(year), int(month), int(day)).toordinal() - datetime.date(1970, 1, 1).toordinal()


def fixed_offset(text):
    """Seconds east of UTC for "+05:30", "-3" and the like, or None."""
    match = re.fullmatch(r"([+-])(\d{1,2}):?(\d\d)?", text)
    if not match:
        return None
    size = int(match[2]) * 3600 + int(match[3] or 0) * 60
    return -size if match[1] == "-" else size


def read_lines(path):
    """The lines that have a time, in their order."""
    with open(path, "rb") as file:
        text = file.read().decode("latin-1")
    for raw in text.removeprefix("\xef\xbb\xbf").split("\n"):
        raw = raw.removesuffix("\r")
        if match := CLOCK_LINE.fullmatch(raw):
            yield Line(seconds(*match.groups()[:3]), match[4], match[5], None)
        elif match := STAMP_LINE.fullmatch(raw):
            offset = 0 if match[7] == "Z" else fixed_offset(match[7])
            yield Line(seconds(*match.groups()[3:6]), match[8], match[9], (day_number(*match.groups()[:3]), offset))


def running_days(lines):
    """How many midnights each line lies after the first, by the clock going back more than three hours. A line from
    just before midnight behind one from just after it belongs to the day before."""
    days, day, clock = [], 0, None
    for line in lines:
        ahead = 0 if clock is None else line.second - clock
        if ahead >= DAY - 300:
            days.append(day - 1)
            continue
        if ahead < -3 * 3600:
            day += 1
        clock = line.second
        days.append(day)
    return days


def dates_and_zones(lines):
    """Line number -> day, and line number -> zone name, where a line says so."""
    dates, zones = {}, {}
    for number, line in enumerate(lines):
        if line.stamp:
            dates[number] = line.stamp[0]
        elif match := NUMERIC_DATE.match(line.text):
            dates[number] = day_number(match[3], match[1], match[2])
        elif match := WORDED_DATE.match(line.text):
            word = match[1].rstrip(".").lower()
            month = MONTHS.get(word) or MONTHS.get(word.encode("latin-1").decode("utf-8", "replace"))
            later = (line.second - seconds(*match.groups()[3:6]) + DAY // 2) % DAY - DAY // 2
            if month and abs(later) <= 300:
                said = day_number(match[3], month, match[2]) * DAY + seconds(*match.groups()[3:6]) + later
                dates[number] = said // DAY
                if match[7].strip():
                    zones[number] = match[7].strip()
    return dates, zones


def latest(known, numbers, number):
    """The value known at or before that line, or the first one known."""
    place = bisect.bisect_right(numbers, number)
    return known[numbers[max(place - 1, 0)]]


def instants(lines, zone):
    """Seconds since 1970 in UTC for each line."""
    days = running_days(lines)
    dates, zones = dates_and_zones(lines)
    shifts = {number: day - days[number] for number, day in dates.items()} or {0: 0}
    shifted, named = sorted(shifts), sorted(zones)
    before = None
    for number, line in enumerate(lines):
        local = (days[number] + latest(shifts, shifted, number)) * DAY + line.second
        if line.stamp:
            now = local - line.stamp[1]
        elif zone is None:
            now = local - (offset_of_name(latest(zones, named, number)) if named else 0)
        else:
            slip = lines[number - 1].second - line.second if number else 0
            now = in_zone(local, zone, before, slip if 0 < slip <= 60 else 0)
        before = now
        yield now


def offset_of_name(name):
    offset = fixed_offset(name)
    if offset is None and name not in ZONES:
        sys.exit(f"the log's time zone {name!r} is not known; give --zone")
    return ZONES[name] * 3600 if offset is None else offset


def in_zone(local, zone, before, slip):
    """Of an hour that occurs twice the first, unless the log was past it already but for daemons' lines that cross."""
    civil = datetime.datetime(1970, 1, 1, tzinfo=zone) + datetime.timedelta(seconds=local)
    first = local - int(civil.utcoffset().total_seconds())
    second = local - int(civil.replace(fold=1).utcoffset().total_seconds())
    return second if first < second and before is not None and first + slip < before else first


def read_event(number, line):
    match = EVENT.match(line.text)
    if not match:
        return None
    name, tail = NAME_AND_TAIL.match(match[3]).groups() if NAME_AND_TAIL.match(match[3]) else ("", "")
    user, at, host = name.rpartition("@")
    quantity = QUANTITY.search(tail)
    quantity = int(quantity[1]) if quantity else 1
    if not at or not user or not host or not 1 <= quantity <= 1000000:
        return None
    return Event(number, match[1], f"{line.daemon}/{match[2]}", user.strip(), host.strip(), quantity)


def read_starts(lines):
    """(line number, daemon that starts; None for all)"""
    for number, line in enumerate(lines):
        if line.daemon in ("lmgrd", "lmadmin"):
            if MANAGER_STARTS.match(line.text):
                yield number, None
            elif match := MANAGER_STARTS_VENDOR.match(line.text):
                yield number, match[1]
        elif STARTS.match(line.text):
            yield number, line.daemon


def pair(events, starts):
    """One holder's grants, each with the line that ended it and how; and its returns of nothing."""
    open_grants, ended, unmatched = collections.deque(), [], 0
    for number, what in sorted([(event.line, event.kind) for event in events] + [(start, "start") for start in starts]):
        if what == "OUT":
            open_grants.append(number)
        elif what == "start":
            ended += [(grant, number, "restart") for grant in open_grants]
            open_grants.clear()
        elif open_grants:
            ended.append((open_grants.popleft(), number, "return"))
        else:
            unmatched += 1
    return ended + [(grant, None, "open") for grant in open_grants], unmatched


def figures_of(feature, events, starts, when):
    leases, unmatched, changes = [], 0, []
    for holder in {(event.user, event.host, event.quantity) for event in events if event.kind != "DENIED"}:
        mine = [event for event in events if event.kind != "DENIED" and event[3:] == holder]
        ended, loose = pair(mine, starts)
        unmatched += loose
        leases += [(start, end, how, holder[2]) for start, end, how in ended]
    for start, end, how, quantity in leases:
        changes.append((start, quantity))
        if end is not None:
            changes.append((end, -quantity))
    return dict(zip(COLUMNS, (
        feature,
        max(itertools.accumulate(change for _, change in sorted(changes)), default=0),
        sum(quantity * max(0, (when[-1] if end is None else when[end]) - when[start])
            for start, end, how, quantity in leases),
        len(leases),
        sum(how == "return" for _, _, how, _ in leases),
        sum(event.kind == "DENIED" for event in events),
        sum(how == "open" for _, _, how, _ in leases),
        sum(how == "restart" for _, _, how, _ in leases),
        unmatched)))


def usage(path, zone):
    lines = list(read_lines(path))
    when = list(instants(lines, zone))
    starts = list(read_starts(lines))
    by_feature = collections.defaultdict(list)
    for number, line in enumerate(lines):
        if event := read_event(number, line):
            by_feature[event.feature].append(event)
    rows = []
    for feature, events in sorted(by_feature.items()):
        daemon = feature.split("/")[0]
        closing = [number for number, name in starts if name in (None, daemon)]
        rows.append(figures_of(feature, events, closing, when))
    return rows


def zone_argument(text):
    offset = fixed_offset(text)
    if offset is not None:
        return datetime.timezone(datetime.timedelta(seconds=offset))
    return zoneinfo.ZoneInfo(text)


def main():
    parser = argparse.ArgumentParser(description="Use of each feature in a FlexNet debug log.")
    parser.add_argument("log")
    parser.add_argument("--zone", type=zone_argument, help="where the log was written: Europe/Madrid or +02:00")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = usage(arguments.log, arguments.zone)
    if arguments.json:
        print(json.dumps(rows, indent=1, ensure_ascii=True))
        return
    sys.stdout.reconfigure(encoding="latin-1")
    print(*COLUMNS, sep="\t")
    for row in rows:
        print(*row.values(), sep="\t")


if __name__ == "__main__":
    main()
