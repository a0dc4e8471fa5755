"""What the plugin knows of the .proto files, read once from protoc's request and checked."""
import dataclasses
import re

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2

FDP = descriptor_pb2.FieldDescriptorProto

# proto type -> (kind of the table, C type)
SCALARS = {
    FDP.TYPE_BOOL: ("BOOL", "bool"),
    FDP.TYPE_INT32: ("INT32", "int32_t"),
    FDP.TYPE_INT64: ("INT64", "int64_t"),
    FDP.TYPE_UINT32: ("UINT32", "uint32_t"),
    FDP.TYPE_UINT64: ("UINT64", "uint64_t"),
    FDP.TYPE_DOUBLE: ("DOUBLE", "double"),
    FDP.TYPE_STRING: ("STRING", "act_str_t"),
    FDP.TYPE_BYTES: ("BYTES", "act_str_t"),
}

DEFAULT_MAX_BYTES = 256
DEFAULT_MAX_ITEMS = 64
MAX_FIELDS = 64  # ACT_MODEL_MAX_FIELDS

C_KEYWORDS = set("""auto break case char const continue default do double else enum extern float for
goto if inline int long register restrict return short signed sizeof static struct switch typedef
union unsigned void volatile while bool true false""".split())

# Message names whose C type would be one of the C library's (errno.h has error_t).
C_NAMES = {"error": "error_body"}


class ModelError(Exception):
    """The .proto files say something that has no meaning here."""


@dataclasses.dataclass
class Field:
    name: str
    kind: str  # BOOL ... MESSAGE
    c_type: str  # of one value
    message: str  # of MESSAGE: the proto's name
    is_repeated: bool
    max_bytes: int  # 0 where it has no meaning
    max_items: int
    is_required: bool
    doc: list

    @property
    def c_name(self):
        return self.name + "_" if self.name in C_KEYWORDS else self.name


@dataclasses.dataclass
class Message:
    name: str
    c_name: str
    fields: list
    doc: list


@dataclasses.dataclass
class Method:
    name: str  # snake_case
    request: Message
    reply: Message
    is_retry_safe: bool
    is_ordered: bool
    is_poll: bool
    is_cast: bool
    doc: list


@dataclasses.dataclass
class Service:
    name: str  # snake_case
    methods: list
    doc: list


@dataclasses.dataclass
class File:
    stem: str
    imports: list  # stems
    messages: list
    services: list
    doc: list


def snake(name):
    """TurnBeginReply -> turn_begin_reply"""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def read_request(data):
    """CodeGeneratorRequest bytes -> (parameter, [File])"""
    request = plugin_pb2.CodeGeneratorRequest.FromString(data)
    options = _options_of(request)
    messages = {}
    files = []
    for proto in request.proto_file:
        if proto.package == "parley":
            files.append(_File(proto, options, messages).read())
    wanted = set(request.file_to_generate)
    return request.parameter, [f for f in files if f.stem + ".proto" in wanted]


def _options_of(request):
    """name -> field number of the extensions in options.proto."""
    return {extension.name: extension.number
            for proto in request.proto_file if proto.name == "options.proto"
            for extension in proto.extension}


def _varints(data):
    """Field number -> value of a serialised options message; only varints are used there."""
    values = {}
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = varint()
        if tag & 7 != 0:
            raise ModelError("an option that is not a number or a bool")
        values[tag >> 3] = varint()
    return values


class _File:
    def __init__(self, proto, options, messages):
        self.proto = proto
        self.options = options
        self.messages = messages  # of all files read so far; imports come first
        self.comments = {tuple(l.path): l for l in proto.source_code_info.location}

    def read(self):
        stem = self.proto.name.removesuffix(".proto")
        imports = [d.removesuffix(".proto") for d in self.proto.dependency
                   if d != "options.proto" and not d.startswith("google/")]
        if self.proto.enum_type:
            raise ModelError(f"{self.proto.name}: enums are not used; write a string")
        names = [self._message(i, m) for i, m in enumerate(self.proto.message_type)]
        services = [self._service(i, s) for i, s in enumerate(self.proto.service)]
        return File(stem, imports, names, services, self._doc((12,)))

    def _doc(self, path):
        location = self.comments.get(path)
        text = location.leading_comments if location else ""
        return [line.strip() for line in text.strip().split("\n")] if text.strip() else []

    def _option(self, holder, name):
        return _varints(holder.options.SerializeToString()).get(self.options[name], 0)

    def _message(self, index, proto):
        if proto.nested_type or proto.enum_type or proto.oneof_decl:
            raise ModelError(f"{proto.name}: nested types, maps, enums and oneof are not used")
        if len(proto.field) > MAX_FIELDS:
            raise ModelError(f"{proto.name}: more than {MAX_FIELDS} fields")
        c_name = snake(proto.name)
        fields = [self._field(proto, (4, index, 2, i), f) for i, f in enumerate(proto.field)]
        message = Message(proto.name, C_NAMES.get(c_name, c_name), fields, self._doc((4, index)))
        if proto.name in self.messages:
            raise ModelError(f"{proto.name}: two messages have this name")
        self.messages[proto.name] = message
        return message

    def _field(self, message, path, proto):
        where = f"{message.name}.{proto.name}"
        is_repeated = proto.label == FDP.LABEL_REPEATED
        max_bytes = self._option(proto, "max_bytes")
        max_items = self._option(proto, "max_items")
        is_required = bool(self._option(proto, "required"))
        target = ""
        if proto.type == FDP.TYPE_MESSAGE:
            target = proto.type_name.removeprefix(".parley.")
            if target not in self.messages:
                raise ModelError(f"{where}: {target} must stand above its use (no recursion)")
            kind, c_type = "MESSAGE", self.messages[target].c_name + "_t"
        elif proto.type in SCALARS:
            kind, c_type = SCALARS[proto.type]
        else:
            raise ModelError(f"{where}: this type is not used in models")
        is_text = kind in ("STRING", "BYTES")
        if max_bytes and not is_text:
            raise ModelError(f"{where}: max_bytes is for string and bytes")
        if max_items and not is_repeated:
            raise ModelError(f"{where}: max_items is for repeated fields")
        if is_required and kind == "BOOL":
            raise ModelError(f"{where}: a required bool could only be true")
        return Field(proto.name, kind, c_type, target, is_repeated,
                     (max_bytes or DEFAULT_MAX_BYTES) if is_text else 0,
                     (max_items or DEFAULT_MAX_ITEMS) if is_repeated else 0,
                     is_required, self._doc(path))

    def _service(self, index, proto):
        methods = [self._method(proto, (6, index, 2, i), m) for i, m in enumerate(proto.method)]
        return Service(snake(proto.name), methods, self._doc((6, index)))

    def _method(self, service, path, proto):
        where = f"{service.name}.{proto.name}"
        request = self.messages[proto.input_type.removeprefix(".parley.")]
        reply = self.messages[proto.output_type.removeprefix(".parley.")]
        is_cast = bool(self._option(proto, "cast"))
        is_retry_safe = bool(self._option(proto, "retry_safe"))
        is_ordered = bool(self._option(proto, "ordered"))
        is_poll = bool(self._option(proto, "poll"))
        if proto.client_streaming or proto.server_streaming:
            raise ModelError(f"{where}: streams are not used")
        if is_cast and (is_retry_safe or is_ordered or reply.name != "Empty"):
            raise ModelError(f"{where}: a cast returns Empty, is never repeated and has no order")
        if is_poll and (is_retry_safe or is_cast):
            raise ModelError(f"{where}: a poll is answered, and asked anew instead of repeated")
        return Method(snake(proto.name), request, reply, is_retry_safe, is_ordered, is_poll, is_cast,
                      self._doc(path))
