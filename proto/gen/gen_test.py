#!/usr/bin/python3
"""What the generator refuses, and that what it makes does not change from run to run."""
import pathlib
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
HEAD = 'syntax = "proto3";\npackage parley;\nimport "options.proto";\n'


def generate(**files):
    """(protoc's messages, name -> text) of proto texts given by name; "" when it succeeded."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        out.mkdir()
        for name, text in files.items():
            (pathlib.Path(folder) / f"{name}.proto").write_text(HEAD + text, encoding="utf-8")
        run = subprocess.run(
            ["protoc", f"--plugin=protoc-gen-parley={HERE / 'protoc-gen-parley'}",
             f"--parley_out={out}", "--parley_opt=emit=c", "-I", folder, "-I", str(HERE.parent),
             *(f"{name}.proto" for name in files)],
            capture_output=True, text=True, check=False)
        made = {p.name: p.read_text(encoding="utf-8") for p in out.iterdir()}
        return ("" if run.returncode == 0 else run.stderr), made


class Refused(unittest.TestCase):
    def expect(self, part, **files):
        self.assertIn(part, generate(**files)[0])

    def test_names_that_collide(self):
        self.expect("would both be called a_bc_t",
                    x="message ABc {} message aBc {}")
        self.expect("would both be called DEMO_RUN_X",
                    x="message E {} service Demo { rpc RunX(E) returns (E); }",
                    y='import "x.proto"; service DemoRun { rpc X(E) returns (E); }')
        self.expect("would both be called run_check_pack",
                    x="message RunCheck {} message E {}"
                      "service Run { rpc CheckPack(E) returns (E); }")

    def test_recursion(self):
        self.expect("must stand above", x="message A { A a = 1; }")
        self.expect("must stand above", x="message A { B b = 1; } message B { A a = 1; }")

    def test_types_without_meaning_here(self):
        self.expect("not used", x="message A { float f = 1; }")
        self.expect("not used", x="message A { map<string, string> m = 1; }")
        self.expect("not used", x="message A { oneof o { string s = 1; } }")
        self.expect("not used", x="message A { optional string s = 1; }")
        self.expect("not used", x="enum E { ZERO = 0; }")

    def test_options_in_the_wrong_place(self):
        self.expect("max_bytes is for", x="message A { int32 n = 1 [(max_bytes) = 3]; }")
        self.expect("max_items is for", x="message A { string s = 1 [(max_items) = 3]; }")
        self.expect("could only be true", x="message A { bool b = 1 [(required) = true]; }")

    def test_casts_with_an_answer(self):
        self.expect("a cast returns Empty",
                    x="message A {} service S { rpc Go(A) returns (A) { option (cast) = true; } }")

    def test_polls_that_are_repeated(self):
        self.expect("a poll is answered",
                    x="message A {} service S { rpc Go(A) returns (A) "
                      "{ option (poll) = true; option (retry_safe) = true; } }")

    def test_too_many_fields(self):
        fields = " ".join(f"string f{i} = {i};" for i in range(1, 66))
        self.expect("more than 64 fields", x=f"message A {{ {fields} }}")


class Made(unittest.TestCase):
    def test_is_the_same_each_time(self):
        text = "// Doc.\nmessage A { string s = 1; repeated int64 n = 2; }"
        self.assertEqual(generate(x=text), generate(x=text))

    def test_keywords_are_underscored_in_c_only(self):
        error, made = generate(x="message A { string default = 1; }")
        self.assertEqual(error, "")
        self.assertIn("act_str_t default_;", made["x.h"])
        self.assertIn('.name = "default"', made["x.c"])

    def test_limits_and_comments_reach_the_struct(self):
        error, made = generate(
            x="message A {\n// In grams.\n"
              "repeated string s = 1 [(max_bytes) = 9, (max_items) = 2];}")
        self.assertEqual(error, "")
        self.assertIn("// In grams.", made["x.h"])
        self.assertIn("at most 2, max 9 bytes each", made["x.h"])
        self.assertIn(".max_bytes = 9", made["x.c"])

    def test_error_is_renamed_away_from_errno(self):
        self.assertIn("} error_body_t;", generate(x="message Error {}")[1]["x.h"])


if __name__ == "__main__":
    unittest.main()
