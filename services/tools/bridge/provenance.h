// provenance: which arguments of a tool outside are recipients, amounts or URLs: in its input schema each gets the mark
// (x-parley-provenance) by which the agent's policy knows where such a value must come from. For each field, the first
// that says something:
//
//   the tenant            {"<tool as the server calls it, or *>": {"<argument>": recipient|amount|url|text}}, in the
//                         integration's config or mcp.json, as `arguments`
//   the server            its own mark, unless it says `text`: nobody gets out of it by their own word
//   format                email, idn-email, phone, tel: recipient; uri, url, iri, hostname, ...: url
//   the argument's name   to, recipient, email, iban, url, amount, ... (tool/telling.h)
#pragma once
#include <jansson.h>

// schema is changed in place; said: of this tool, then of every one; either may be NULL.
void provenance_mark(json_t *schema, const json_t *said, const json_t *said_of_all);
