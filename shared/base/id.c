// id: UUIDv7.
#include "base/id.h"

#include "base/assert.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

void act_random(void *ret_bytes, uint32_t size_bytes)
{
    // getrandom gives up to 256 bytes without interruption (getrandom(2)).
    act_assert(size_bytes <= 256);
    act_assert(getrandom(ret_bytes, size_bytes, 0) == (ssize_t)size_bytes);
}

uint64_t act_random_u64(void)
{
    uint64_t value = 0;
    act_random(&value, sizeof value);
    return value;
}

uint64_t act_random_pool_u64(act_random_pool_t *self)
{
    if (self->left_count == 0) {
        act_random(self->numbers, sizeof self->numbers);
        self->left_count = sizeof self->numbers / sizeof *self->numbers;
    }
    return self->numbers[--self->left_count];
}

static void write_uuid7(uint64_t ms, const uint8_t random[10], char *ret_text)
{
    snprintf(ret_text, ACT_UUID_TEXT_BYTES, "%08x-%04x-7%03x-%04x-%02x%02x%02x%02x%02x%02x",
             (unsigned)(ms >> 16 & 0xffffffff), (unsigned)(ms & 0xffff),
             (unsigned)((random[0] << 8 | random[1]) & 0xfff),
             (unsigned)(((random[2] << 8 | random[3]) & 0x3fff) | 0x8000), random[4], random[5],
             random[6], random[7], random[8], random[9]);
}

void act_uuid7(char *ret_text)
{
    uint8_t random[10];
    act_random(random, sizeof random);
    write_uuid7((uint64_t)(act_time_wall_us() / 1000), random, ret_text);
}

// The finalizer of SplitMix64: every bit of the input changes half of the output's.
static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static uint64_t read_digits(const char *text, size_t first, size_t count)
{
    uint64_t value = 0;
    for (size_t i = first; count > 0 && text[i] != '\0'; i++) {
        if (text[i] == '-')
            continue;
        char c = text[i];
        value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        count--;
    }
    return value;
}

void act_uuid7_of(const char *of, uint32_t number, char *ret_text)
{
    act_assert(strlen(of) == ACT_UUID_TEXT_BYTES - 1);
    uint64_t high = read_digits(of, 0, 16), low = read_digits(of, 19, 16);
    uint64_t first = mix(low + mix(high + number * UINT64_C(0x9e3779b97f4a7c15)));
    uint64_t second = mix(first + high);
    uint8_t random[10];
    memcpy(random, &first, 8);
    memcpy(random + 8, &second, 2);
    write_uuid7(high >> 16, random, ret_text);
}
