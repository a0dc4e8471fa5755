"""What the scripts of this folder share: the files of the tree, C without comments, allow-lists, and
findings as file:line messages. Each script is a rule of docs/developing.md or a line of section 6 of
the style guide; it prints what it found and exits with 1, or prints nothing and exits with 0."""
import os
import re
import sys

# PARLEY_LINT_ROOT is for lint_test, which shows each script a tree with one fault.
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get('PARLEY_LINT_ROOT') or os.path.dirname(os.path.dirname(HERE))
# Folders that are not ours, or are made by a build.
SKIPPED = {'.git', 'node_modules', 'var', 'dist', '__pycache__', '.venv'}


def files(*suffixes, under=()):
    """Paths relative to the root, sorted; `under` names folders, () is the whole tree."""
    found = []
    for top in under or ('.',):
        for folder, names, leaves in os.walk(os.path.join(ROOT, top)):
            at_root = os.path.samefile(folder, ROOT)
            names[:] = [n for n in names if n not in SKIPPED and not (at_root and n.startswith('build'))]
            found += [os.path.relpath(os.path.join(folder, leaf), ROOT)
                      for leaf in leaves if leaf.endswith(suffixes)]
    return sorted(found)


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8', errors='replace') as file:
        return file.read()


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code(path, keep_strings=False):
    """The text of a C file with comments (and the content of strings) blanked; lines stay lines."""
    def blank(match):
        token = match.group()
        if token[0] == '/':
            return re.sub(r'[^\n]', ' ', token)
        return token if keep_strings else token[0] + ' ' * (len(token) - 2) + token[-1]
    return TOKEN.sub(blank, read(path))


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


class Report:
    """Findings, and the allow-list <name>.allow beside the script: a key and a reason a line."""

    def __init__(self, name):
        self.path = os.path.join('tests', 'lint', name + '.allow')
        self.allowed, self.used, self.found = {}, set(), []
        if not os.path.exists(os.path.join(ROOT, self.path)):
            return
        for number, line in enumerate(read(self.path).splitlines(), 1):
            if not line.strip() or line.startswith('#'):
                continue
            key, _, reason = line.strip().partition(' ')
            if not reason.strip():
                self.found.append(f'{self.path}:{number}: {key} has no reason')
            self.allowed[key] = (number, reason.strip())

    def is_allowed(self, key):
        if key in self.allowed:
            self.used.add(key)
        return key in self.allowed

    def add(self, path, line, message):
        self.found.append(f'{path}:{line}: {message}')

    def finish(self):
        for key, (number, _) in self.allowed.items():
            if key not in self.used:
                self.add(self.path, number, f'{key} is not needed any more')
        print('\n'.join(self.found), end='\n' if self.found else '')
        sys.exit(1 if self.found else 0)
