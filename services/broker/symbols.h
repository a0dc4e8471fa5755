// symbols: names for the frames of a stack. A signal handler can only write addresses
// ("program(+0x1234)[0x...]"); here, in another process and with time, they get the names that the
// program's symbol table has, static functions included.
#pragma once
#include <stddef.h>

// Rewrites "path(+0xOFFSET)" in place to "path(name+0x..)" for frames of `program`. A frame without a
// name, a stripped program, or text that does not fit stay as they are. The text is ended by '\0'.
void symbols_name_frames(const char *program, char *text, size_t size_bytes);
