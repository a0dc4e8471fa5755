// splitmix64.

#include "dice.h"

dice_t dice_new(uint64_t seed)
{
    return (dice_t){.state = seed};
}

uint64_t dice_next(dice_t *self)
{
    uint64_t value = self->state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

uint64_t dice_below(dice_t *self, uint64_t below)
{
    return dice_next(self) % below;
}

int64_t dice_between(dice_t *self, int64_t min, int64_t max)
{
    return min + (int64_t)dice_below(self, (uint64_t)(max - min) + 1);
}

bool dice_in_10000(dice_t *self, uint32_t times)
{
    return dice_below(self, 10000) < times;
}
