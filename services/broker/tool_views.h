// tool_views: bus.tools: which tools there are, what they say of themselves, and how they do.
#pragma once
#include "views.h"

void tool_views_tools(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id);
// bus.put_tools: an actor speaks for others.
void tool_views_put_tools(views_t *self, const act_header_t *header, act_str_t body,
                          uint64_t call_id);
