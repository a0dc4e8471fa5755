// languages: the nine languages Parley speaks.
#include "text/languages.h"

// The order is part of the model files: what was trained as 2 is read as 2.
static const char codes[ACT_LANGUAGES_COUNT + 1][3] = {"fr", "en", "es", "pt", "de",
                                                       "it", "ro", "pl", "ar", ""};

const char *act_language_code(uint32_t language)
{
    return codes[language < ACT_LANGUAGES_COUNT ? language : ACT_LANGUAGE_NONE];
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

uint32_t act_language_find(act_str_t code)
{
    if (code.len_bytes < 2 || (code.len_bytes > 2 && code.ptr[2] != '-' && code.ptr[2] != '_'))
        return ACT_LANGUAGE_NONE;
    uint32_t language = 0;
    while (language < ACT_LANGUAGES_COUNT &&
           (lower(code.ptr[0]) != codes[language][0] || lower(code.ptr[1]) != codes[language][1]))
        language++;
    return language;
}
