#!/usr/bin/python3
"""What texts_gen.py must refuse. Run by meson; needs no arguments."""
import unittest

import texts_gen


class Form(unittest.TestCase):
    def refuse(self, key, text, part):
        with self.assertRaises(texts_gen.TextError) as caught:
            names = texts_gen.check_form("xx.yaml", key, text)
            texts_gen.check_length("xx.yaml", key, text, names)
        self.assertIn(part, str(caught.exception))

    def test_accepts_what_is_well_formed(self):
        self.assertEqual(texts_gen.check_form("", "a.b", "Hi[ {name}], {x}!\n"), {"name", "x"})
        texts_gen.check_length("", "a.b_button", "x" * 20, set())
        texts_gen.check_length("", "a.b_row", "é" * 24, set())
        texts_gen.check_length("", "a.b_row_description", "x" * 72, set())
        texts_gen.check_length("", "words.many", "x|" * 2000 + "x", set())

    def test_refuses_bad_braces_and_brackets(self):
        self.refuse("a.b", "{name", "brace")
        self.refuse("a.b", "{Name}", "brace")
        self.refuse("a.b", "name}", "brace")
        self.refuse("a.b", "[name]", "no placeholder")
        self.refuse("a.b", "[a {b} [c {d}]]", "nested")
        self.refuse("a.b", "a {b}]", "brackets")
        self.refuse("a.b", "a\tb", "control character")
        self.refuse("words.x", "a||b", "empty word")

    def test_refuses_what_is_too_long(self):
        self.refuse("a.b_button", "x" * 21, "at most 20")
        self.refuse("a.b_row", "x" * 25, "at most 24")
        self.refuse("a.b_row_description", "x" * 73, "at most 72")
        self.refuse("a.b", "x" * 1025, "at most 1024")
        self.refuse("a.b_button", "{name}", "no placeholders")


class Catalogue(unittest.TestCase):
    def refuse(self, other, part):
        catalogue = {"en": {"a.b": "Hi {name}", "a.c": "Bye"}, "fr": other}
        with self.assertRaises(texts_gen.TextError) as caught:
            texts_gen.check(catalogue)
        self.assertIn(part, str(caught.exception))

    def test_accepts_the_same_keys_and_placeholders(self):
        texts_gen.check({"en": {"a.b": "Hi {x} {y}"}, "fr": {"a.b": "{y}, {x}"}})

    def test_refuses_differences(self):
        self.refuse({"a.b": "Salut {name}"}, "missing ['a.c']")
        self.refuse({"a.b": "{name}", "a.c": "x", "a.d": "x"}, "not in English ['a.d']")
        self.refuse({"a.b": "{nom}", "a.c": "x"}, "placeholders differ")
        self.refuse({"a.b": "Salut", "a.c": "x"}, "placeholders differ")


class Strings(unittest.TestCase):
    def test_writes_bytes_that_c_reads_back(self):
        self.assertEqual(texts_gen.c_string('a"\\?\né'), '"a\\"\\\\\\?\\n\\303\\251"')


if __name__ == "__main__":
    unittest.main()
