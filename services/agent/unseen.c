// unseen: a table of ranges.
#include "unseen.h"

#include "base/mem.h"

static const struct {
    uint32_t first, last;
} ranges[] = {
    {0x00, 0x08},     {0x0b, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x061c, 0x061c},
    {0x180e, 0x180e}, {0x200b, 0x200c}, {0x200e, 0x200f}, {0x202a, 0x202e},   {0x2060, 0x206f},
    {0xe000, 0xf8ff}, {0xfeff, 0xfeff}, {0xfff0, 0xfffc}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff},
};

bool unseen_is(uint32_t code)
{
    for (size_t i = 0; i < ACT_COUNT(ranges); i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}
