"""x.proto -> docs/protocol/x.md."""
from .text import limits


def emit(file):
    lines = [f"# {file.stem}", "",
             f"Made from `proto/{file.stem}.proto` by `proto/gen/docs.py`; do not edit.", "",
             *file.doc]
    for service in file.services:
        lines += ["", f"## Service `{service.name}`", "", *_prose(service.doc), *_methods(service)]
    if file.messages:
        lines += ["", "## Messages"]
    for message in file.messages:
        lines += ["", f"### {message.name}", "", *_prose(message.doc), *_fields(message)]
    return {f"{file.stem}.md": "\n".join(lines).rstrip() + "\n"}


def _prose(doc):
    return [*doc, ""] if doc else []


def _cell(doc):
    return " ".join(doc).replace("|", "\\|")


def _methods(service):
    lines = ["| rpc | request | reply | flags | |", "|---|---|---|---|---|"]
    for method in service.methods:
        flags = (["retry safe"] * method.is_retry_safe + ["ordered"] * method.is_ordered +
                 ["poll"] * method.is_poll + ["cast"] * method.is_cast)
        reply = "none" if method.is_cast else method.reply.name
        lines.append(f"| `{method.name}` | {method.request.name} | {reply} | {', '.join(flags)} | "
                     f"{_cell(method.doc)} |")
    return lines


def _fields(message):
    if not message.fields:
        return ["No fields."]
    lines = ["| field | type | limit | |", "|---|---|---|---|"]
    for field in message.fields:
        kind = field.message or field.kind.lower()
        kind = f"list of {kind}" if field.is_repeated else kind
        lines.append(f"| `{field.name}` | {kind} | {limits(field)} | {_cell(field.doc)} |")
    return lines
