// lines: standard input.
#include "lines.h"

#include <string.h>

bool lines_next(FILE *file, char *ret_line)
{
    if (!fgets(ret_line, LINES_MAX_BYTES, file))
        return false;
    size_t len = strlen(ret_line);
    bool is_whole = len > 0 && ret_line[len - 1] == '\n';
    while (len > 0 && (ret_line[len - 1] == '\n' || ret_line[len - 1] == '\r'))
        ret_line[--len] = '\0';
    for (int c = 0; !is_whole && c != EOF && c != '\n';)
        c = fgetc(file);
    return true;
}
