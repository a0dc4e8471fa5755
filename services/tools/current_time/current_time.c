// current_time: the clock, in a time zone of the C library's database.
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const weekdays[] = {"sunday",   "monday", "tuesday", "wednesday",
                                       "thursday", "friday", "saturday"};

// The library takes any text for a zone and answers UTC when it does not know it.
static bool is_zone(const char *name)
{
    char path[256];
    if (strstr(name, "..") || name[0] == '/')
        return false;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    return strcmp(name, "UTC") == 0 || access(path, R_OK) == 0;
}

static void run(act_tool_call_t *call)
{
    const char *zone = act_tool_text(call, "time_zone", "UTC");
    if (!is_zone(zone)) {
        act_tool_fail(call, "There is no such time zone. Use an IANA name such as Europe/Paris.");
        return;
    }
    setenv("TZ", zone, 1);
    tzset();
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    char iso[40], offset[8], date[16], clock_text[16];
    strftime(date, sizeof date, "%Y-%m-%d", &local);
    strftime(clock_text, sizeof clock_text, "%H:%M:%S", &local);
    strftime(offset, sizeof offset, "%z", &local);
    snprintf(iso, sizeof iso, "%sT%s%.3s:%.2s", date, clock_text, offset, offset + 3);
    act_tool_set_text(call, "iso", iso);
    act_tool_set_text(call, "date", date);
    act_tool_set_text(call, "time", clock_text);
    act_tool_set_text(call, "weekday", weekdays[local.tm_wday]);
    act_tool_set_text(call, "time_zone", zone);
    act_tool_set_integer(call, "unix_s", now);
    act_tool_reply(call);
}

const act_tool_t act_tool_export = {.abi = ACT_TOOL_ABI, .name = "current_time", .run = run};
