// show: to standard output.
#include "show.h"

#include "base/model_json.h"

#include <stdio.h>

void show_json(const act_model_t *model, const void *message)
{
    act_buf_t out;
    act_buf_init(&out, 4 * ACT_BUF_DEFAULT_MAX_BYTES);
    act_model_to_json(model, message, &out);
    printf("%.*s\n", (int)out.len_bytes, out.ptr);
    act_buf_fini(&out);
}

void show_lines(act_str_t text, const char *before)
{
    while (!act_str_empty(text)) {
        act_str_t line = act_str_cut(&text, '\n');
        printf("%s%.*s\n", before, ACT_STR_ARG(line));
    }
}
