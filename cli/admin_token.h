// admin_token: the token of the management API when the operator has not chosen one: made on the first
// run, kept in a file that only this user reads.
#pragma once
#include "base/err.h"
#include "instance.h"

// 64 hexadecimal digits and the NUL.
#define ADMIN_TOKEN_BYTES 65

// keys/admin.token: makes it when it is missing. *ret_is_new tells whether ret_token should be shown
// (it is filled only then). ACT_E_IO when the file cannot be written.
ACT_MUST_CHECK act_err_t admin_token_make(const instance_t *instance, char *ret_path,
                                          char *ret_token, bool *ret_is_new);
