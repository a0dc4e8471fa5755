#!/usr/bin/python3
"""docs/settings.md from what the actors say with --help and from the operator's table (cli/settings.c).

    settings_gen.py BUILD_DIR > docs/settings.md
"""
import pathlib
import re
import subprocess
import sys

ACTORS = ["ingress", "session", "translation", "intent", "flow", "agent", "model", "bridge", "notify", "delivery", "persistence", "admin",
          "tool-host"]
ROW = re.compile(r'^  (\w+) +([A-Z]\w*)? +(.*?)(?:; default (.*))?$')
OPERATOR = re.compile(r'\{"\w+",\s*"(\w+)",\s*ACT_CONFIG_\w+,\s*"([^"]*)",\s*0,\s*0,\s*"([^"]*)",\s*"([^"]*)"', re.S)


def rows(build, actor):
    text = subprocess.run([f"{build}/services/parley-{actor}", "--help"], capture_output=True, text=True, check=True).stdout
    text = text.replace(str(pathlib.Path(build).resolve()), "build")  # models stand in the build folder
    return [match.groups() for match in map(ROW.match, text.splitlines()) if match]


def table(found):
    print("| environment | `--set` name | default | meaning |\n|---|---|---|---|")
    for name, env, meaning, default in found:
        print(f"| `{env or name}` | `{name}` | {'`' + default + '`' if default else ''} | {meaning.replace('|', '/')} |")
    print()


def main(build):
    root = pathlib.Path(__file__).resolve().parent.parent
    print("# Settings\n\nMade by `docs/settings_gen.py build > docs/settings.md` from the tables in the code.\n")
    print("## The operator's\n\nFrom the environment or `.env`; checked by `parley up`.\n")
    print("| environment | default | meaning | example |\n|---|---|---|---|")
    for env, default, example, meaning in OPERATOR.findall((root / "cli/settings.c").read_text()):
        print(f"| `{env}` | {'`' + default + '`' if default else ''} | {meaning} | `{example}` |")
    print("\nThose below are for tuning; the environment of `parley up` reaches every actor, and `settings:` in "
          "`parley.yaml` one of them.\n")
    all_rows = {actor: rows(build, actor) for actor in ACTORS}
    common = [row for row in all_rows["ingress"] if all(row in found for found in all_rows.values())]
    print("## Every actor\n")
    table(common)
    for actor in ACTORS:
        own = [row for row in all_rows[actor] if row not in common]
        if own:
            print(f"## {actor}\n")
            table(own)


main(sys.argv[1])
