// open_acl: one actor named "*".
#include "harness/open_acl.h"

#include "base/assert.h"

acl_t *open_acl_new(void)
{
    acl_t *self = acl_new_empty();
    act_buf_t error;
    act_buf_init(&error, 1024);
    act_assert(acl_add(self,
                       ACT_STR("actors: [{name: '*', offers: ['*'], calls: ['*.*'], "
                               "publishes: ['*'], subscribes: ['*']}]"),
                       &error) == ACT_E_OK);
    act_buf_fini(&error);
    return self;
}
