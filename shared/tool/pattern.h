// pattern: regular expressions that take linear time: text length times pattern length, whatever both
// are. The subset of ECMA 262 that JSON Schemas use: literals, . [classes] \d \w \s \D \W \S, groups,
// | * + ? {m,n}, ^ and $. No look-around, no back references, nothing lazy. Not anchored by itself.
#pragma once
#include "base/err.h"
#include "base/str.h"

typedef struct act_pattern act_pattern_t;

// A repetition is unfolded, so {m,n} counts n times; longer programs are refused.
#define ACT_PATTERN_MAX_STEPS 4096

// NULL: not of this subset, or too long.
act_pattern_t *act_pattern_new(act_str_t text);
void act_pattern_destroy(act_pattern_t **self_p);

// Does some part of the text match?
bool act_pattern_matches(const act_pattern_t *self, act_str_t text);
