// seal_text KEYFILE TENANT NAME: seals each line of standard input as the secret NAME of a tenant's channel
// account, so that tests can make tenants by SQL.
#include "base/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    act_seal_key_t *key = NULL;
    const char *reason = "";
    char line[512];
    if (argc != 4 || act_seal_key_load(argv[1], &key, &reason) != ACT_E_OK) {
        fprintf(stderr, "usage: seal_text KEYFILE TENANT NAME < secrets (%s)\n", reason);
        return 2;
    }
    while (fgets(line, sizeof line, stdin)) {
        act_buf_t sealed;
        act_buf_init(&sealed, ACT_BUF_DEFAULT_MAX_BYTES);
        act_seal(key, act_str(argv[2]), argv[3], act_str_of(line, strcspn(line, "\n")), &sealed);
        printf("%.*s\n", (int)sealed.len_bytes, sealed.ptr);
        act_buf_fini(&sealed);
    }
    act_seal_key_destroy(&key);
    return 0;
}
