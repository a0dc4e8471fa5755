// open_acl: a table of rights that allows everything, for tests and benches that are about something else.
#pragma once
#include "acl.h"

acl_t *open_acl_new(void);
