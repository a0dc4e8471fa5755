// telling: names of arguments that tell what they are: who gets something, how much, where it goes.
#pragma once

// "recipient", "amount" or "url", by a word of the name (send_to, sendTo, SEND-TO, to2) or all of it (e_mail); NULL: it
// tells nothing.
const char *act_tool_telling(const char *name);
