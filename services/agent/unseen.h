// unseen: signs that no reader sees but a model reads and writes: controls, zero width, directions, tags,
// private use. They carry what somebody wants to hide, in and out.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// Not of line ends and tabs; not of the joiner that emoji are made with.
bool unseen_is(uint32_t code);
