#!/usr/bin/python3
"""docs/protocol/*.md from proto/*.proto and proto/errors.yaml.

docs.py            writes the pages that changed, removes those of files that are gone
docs.py --check    only compares; exit code 1 and the names when they differ
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROTO = HERE.parent
PAGES = PROTO.parent / "docs" / "protocol"


def generate(out):
    """Name -> text of every page."""
    protos = sorted(p.name for p in PROTO.glob("*.proto") if p.name != "options.proto")
    subprocess.run(
        ["protoc", f"--plugin=protoc-gen-parley={HERE / 'protoc-gen-parley'}",
         f"--parley_out={out}", "--parley_opt=emit=docs", "-I", str(PROTO), *protos],
        check=True, cwd=PROTO)
    subprocess.run([HERE / "errors_gen.py", PROTO / "errors.yaml", "--docs",
                    f"{out}/errors.md"], check=True)
    return read(pathlib.Path(out))


def read(folder):
    return {p.name: p.read_text(encoding="utf-8") for p in folder.glob("*.md")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as out:
        wanted = generate(out)
    found = read(PAGES)
    changed = sorted(n for n in wanted.keys() | found.keys() if wanted.get(n) != found.get(n))
    for name in changed:
        print(f"docs/protocol/{name} {'differs' if args.check else 'written'}")
        if args.check:
            continue
        PAGES.mkdir(parents=True, exist_ok=True)
        if name in wanted:
            (PAGES / name).write_text(wanted[name], encoding="utf-8")
        else:
            (PAGES / name).unlink()
    if args.check and changed:
        sys.exit("run proto/gen/docs.py and commit the pages")


main()
