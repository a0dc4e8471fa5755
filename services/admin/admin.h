// admin: the management port.
#pragma once
#include "actor/actor.h"

extern const act_config_row_t admin_settings[]; // ends with a row without name
extern const act_spec_t admin_spec;
