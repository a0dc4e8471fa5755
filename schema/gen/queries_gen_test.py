#!/usr/bin/python3
"""queries_gen_test: the schema as it is passes, and each mistake in a copy of it is refused by name."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = "queries/turns/turn_release.sql"


class QueriesGenTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.schema = pathlib.Path(self.folder.name) / "schema"
        shutil.copytree(ROOT / "schema", self.schema)
        self.out = pathlib.Path(self.folder.name) / "out.c"

    def tearDown(self):
        self.folder.cleanup()

    def generate(self):
        return subprocess.run(
            [sys.executable, str(ROOT / "schema/gen/queries_gen.py"), "--proto",
             str(ROOT / "proto/persistence.proto"), "--schema", str(self.schema), "--out",
             str(self.out)], capture_output=True, text=True, check=False)

    def replace(self, path, old, new):
        file = self.schema / path
        text = file.read_text(encoding="utf-8")
        self.assertIn(old, text)
        file.write_text(text.replace(old, new), encoding="utf-8")

    def refused(self, *words):
        result = self.generate()
        self.assertEqual(result.returncode, 1)
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertFalse(self.out.exists())

    def test_writes_only_on_change(self):
        self.assertEqual(self.generate().returncode, 0)
        first = self.out.stat().st_mtime_ns
        self.assertEqual(self.generate().returncode, 0)
        self.assertEqual(self.out.stat().st_mtime_ns, first)

    def test_unknown_parameter(self):
        self.replace(RELEASE, ":fence", ":fenze")
        self.refused("turn_release.sql", "fenze")

    def test_unknown_column(self):
        self.replace("queries/people/list_handoffs.sql", "as since_ms", "as since")
        self.refused("list_handoffs.sql", "since")

    def test_gathered_rows_say_whose_they_are(self):
        self.replace("queries/turns/turn_commit.sql", ", r.place", "")
        self.refused("turn_commit.sql", "place")

    def test_only_one_row_is_gathered(self):
        self.replace("queries/turns/turn_history.sql", "-- result: one", "-- result: none\n-- gather: place")
        self.refused("turn_history.sql", "gather")

    def test_gathered_lists_say_how_many_are_whose(self):
        self.replace("queries/turns/turn_commit.sql", ":inbox_seqs_count", ":outbox_count")
        self.refused("turn_commit.sql", "inbox_seqs_count")

    def test_gathered_items_say_how_many_are_whose(self):
        self.replace("queries/turns/turn_commit.sql", ":outbox_count", ":risk_count")
        self.refused("turn_commit.sql", "outbox_count")

    def test_missing_column(self):
        self.replace("queries/business/search_faq.sql", ", f.score", "")
        self.refused("search_faq.sql", "score")

    def test_column_without_a_name(self):
        self.replace("queries/people/list_handoffs.sql", " as reason", "")
        self.refused("list_handoffs.sql", "handoff_reason")

    def test_rpc_without_a_file(self):
        (self.schema / RELEASE).unlink()
        self.refused("TurnRelease")

    def test_file_without_an_rpc(self):
        self.replace(RELEASE, "rpc: turn_release", "rpc: turn_forget")
        (self.schema / RELEASE).rename(self.schema / "queries/turns/turn_forget.sql")
        self.refused("turn_forget")

    def test_unknown_directive(self):
        self.replace(RELEASE, "-- result: none", "-- reslt: none")
        self.refused("turn_release.sql", "reslt")

    def test_two_statements(self):
        self.replace(RELEASE, "update", "select 1; update")
        self.refused("turn_release.sql", "statement")

    def test_gap_in_the_migrations(self):
        folder = self.schema / "migrations"
        (folder / "0002_people.sql").rename(folder / "0009_people.sql")
        self.refused("numbered")

    def test_function_file_with_another_name(self):
        folder = self.schema / "functions"
        (folder / "uuid7.sql").rename(folder / "uuid8.sql")
        self.refused("uuid8.sql")


if __name__ == "__main__":
    unittest.main()
