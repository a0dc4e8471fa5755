#!/usr/bin/python3
"""shared/texts/<lang>.yaml -> texts_gen.h and texts_gen.c.

    texts_gen.py ERRORS_YAML OUT_H OUT_C LANG_YAML...

Checks that every language has every key, that placeholders agree, and that what becomes a button or
a list row is short enough for WhatsApp (channels.md 1.10). English texts of errors stand in
proto/errors.yaml, so that they are written once.
"""
import os
import re
import sys

import yaml

LANGUAGES = ["en", "fr", "es", "pt", "de", "it", "ro", "pl", "ar"]  # en first: the fallback
# What ends so is at most this long, in code points, and has no placeholders.
FIXED = {"_row_description": 72, "_button": 20, "_row": 24}
TEXT_MAX = 1024
KEY = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")
PLACEHOLDER = re.compile(r"\{([a-z][a-z_]*)\}")


class TextError(Exception):
    pass


class Loader(yaml.SafeLoader):
    """A loader that refuses a key that stands twice."""


def _mapping(loader, node):
    keys = set()
    for key, _ in node.value:
        if key.value in keys:
            raise TextError(f"{key.start_mark.name}:{key.start_mark.line + 1}: {key.value} "
                            "stands twice")
        keys.add(key.value)
    return loader.construct_mapping(node)


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load(path):
    with open(path, encoding="utf-8") as file:
        texts = yaml.load(file, Loader)
    if not isinstance(texts, dict):
        raise TextError(f"{path}: not a list of texts")
    for key, text in texts.items():
        if not isinstance(key, str) or not isinstance(text, str) or not text.strip():
            raise TextError(f"{path}: {key}: needs a text in quotes")
        if not KEY.fullmatch(key):
            raise TextError(f"{path}: {key}: not a good name for a text")
    return texts


def english_errors(path):
    with open(path, encoding="utf-8") as file:
        rows = yaml.safe_load(file)["errors"]
    return {f"error.{row['name'].lower()}": row["customer"] for row in rows if row["customer"]}


def check_form(where, key, text):
    """Braces and brackets; returns the names of the placeholders."""
    if any(ord(c) < 32 and c != "\n" or ord(c) == 127 for c in text):
        raise TextError(f"{where}: control character")
    if key.startswith("words."):
        if any(not word.strip() for word in text.split("|")):
            raise TextError(f"{where}: empty word")
        return set()
    names = PLACEHOLDER.findall(text)
    if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
        raise TextError(f"{where}: a brace that is no {{placeholder}}")
    for part in re.findall(r"\[([^\[\]]*)\]", text):
        if not PLACEHOLDER.search(part):
            raise TextError(f"{where}: [{part}] is optional but has no placeholder")
    if re.search(r"[\[\]]", re.sub(r"\[[^\[\]]*\]", "", text)):
        raise TextError(f"{where}: brackets do not match or are nested")
    return set(names)


def check_length(where, key, text, names):
    most = next((limit for end, limit in FIXED.items() if key.endswith(end)), None)
    if most is not None and names:
        raise TextError(f"{where}: no placeholders in buttons and rows")
    if len(text) > (most or TEXT_MAX) and not key.startswith("words."):
        raise TextError(f"{where}: {len(text)} characters, at most {most or TEXT_MAX}")


def check(catalogue):
    wanted = catalogue["en"]
    for language, texts in catalogue.items():
        missing = sorted(wanted.keys() - texts.keys())
        unknown = sorted(texts.keys() - wanted.keys())
        if missing or unknown:
            raise TextError(f"{language}.yaml: missing {missing}, not in English {unknown}")
        for key, text in texts.items():
            where = f"{language}.yaml: {key}"
            names = check_form(where, key, text)
            check_length(where, key, text, names)
            if names != check_form(where, key, wanted[key]):
                raise TextError(f"{where}: placeholders differ from English")


def c_string(text):
    out = []
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif char == "\n":
            out.append("\\n")
        elif char == "?":
            out.append("\\?")  # no trigraphs
        elif 32 <= byte < 127:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def header(keys):
    return "\n".join([
        "// Made from shared/texts/*.yaml by shared/texts/texts_gen.py. Do not edit.",
        "#pragma once", '#include "base/str.h"', "",
        f"#define ACT_TEXT_LANGUAGES_COUNT {len(LANGUAGES)}",
        f"#define ACT_TEXT_KEYS_COUNT {len(keys)}", "",
        "typedef struct {",
        "    const char *key;",
        "    act_str_t texts[ACT_TEXT_LANGUAGES_COUNT]; // in the order of act_text_languages",
        "} act_text_row_t;", "",
        "// English is the first.",
        "extern const char *const act_text_languages[ACT_TEXT_LANGUAGES_COUNT];",
        "// Sorted by key.",
        "extern const act_text_row_t act_text_rows[ACT_TEXT_KEYS_COUNT];", ""])


def source(catalogue, keys):
    lines = [
        "// Made from shared/texts/*.yaml by shared/texts/texts_gen.py. Do not edit.",
        '#include "texts/texts_gen.h"', "",
        "const char *const act_text_languages[ACT_TEXT_LANGUAGES_COUNT] = {",
        "    " + ", ".join(f'"{language}"' for language in LANGUAGES) + ",", "};", "",
        "const act_text_row_t act_text_rows[ACT_TEXT_KEYS_COUNT] = {"]
    for key in keys:
        lines.append(f'    {{"{key}",')
        for index, language in enumerate(LANGUAGES):
            start = "     {" if index == 0 else "      "
            end = "}}," if index == len(LANGUAGES) - 1 else ","
            lines.append(f"{start}ACT_STR_INIT({c_string(catalogue[language][key])}){end}")
    return "\n".join(lines + ["};", ""])


def main(arguments):
    errors_path, header_path, source_path, *paths = arguments
    found = {os.path.basename(path).removesuffix(".yaml"): path for path in paths}
    if sorted(found) != sorted(LANGUAGES):
        raise TextError(f"languages are {LANGUAGES}, files are {sorted(found)}")
    catalogue = {language: load(found[language]) for language in LANGUAGES}
    for key, text in english_errors(errors_path).items():
        if catalogue["en"].setdefault(key, text) != text:
            raise TextError(f"en.yaml: {key}: belongs into proto/errors.yaml")
    check(catalogue)
    keys = sorted(catalogue["en"])
    for path, text in ((header_path, header(keys)), (source_path, source(catalogue, keys))):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (TextError, yaml.YAMLError) as error:
        sys.exit(f"texts_gen: {error}")
