// telling: words in a table.
#include "tool/telling.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *kind;
    const char *words; // each between spaces
} rows[] = {
    {"recipient",
     " to cc bcc recipient recipients email emails mail mails phone phones tel mobile msisdn address "
     "addresses destination dest target iban bic account payee channel chat receiver receivers "},
    {"url",
     " url urls uri uris link links href webhook webhooks callback endpoint host hostname domain site "},
    {"amount", " amount amounts price total sum cents "},
};

static const char *kind_of(const char *word, size_t len_bytes)
{
    for (size_t i = 0; i < ACT_COUNT(rows) && len_bytes > 0; i++)
        for (const char *at = rows[i].words; *at == ' ' && at[1]; at += strcspn(at + 1, " ") + 1)
            if (strcspn(at + 1, " ") == len_bytes && memcmp(at + 1, word, len_bytes) == 0)
                return rows[i].kind;
    return NULL;
}

const char *act_tool_telling(const char *name)
{
    char word[32], whole[64];
    size_t word_bytes = 0, whole_bytes = 0;
    for (const char *at = name;; at++) {
        bool is_letter = isalpha((unsigned char)*at);
        bool is_start = isupper((unsigned char)*at) && at > name && islower((unsigned char)at[-1]);
        if (!is_letter || is_start) {
            const char *kind = kind_of(word, word_bytes);
            if (kind)
                return kind;
            word_bytes = 0;
        }
        if (*at == '\0')
            break;
        char lower = (char)tolower((unsigned char)*at);
        if (is_letter && word_bytes < sizeof word)
            word[word_bytes++] = lower;
        if (is_letter && whole_bytes < sizeof whole)
            whole[whole_bytes++] = lower;
    }
    return kind_of(whole, whole_bytes);
}
