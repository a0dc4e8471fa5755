"""parley_tool: a tool of Parley in Python.

    from parley_tool import serve, ToolError

    def weather(city: str) -> dict:
        if city == "Atlantis":
            raise ToolError("There is no weather in Atlantis. Ask for a city on land.")
        return {"summary": f"It is sunny in {city}."}

    serve(weather)

Arguments have been held to the input schema of tool.yaml when the function is called; what it returns is
the result, a dict of the output schema. A second parameter named `call` gets the Call. serve() returns when
the broker says goodbye. The wire: docs/plugins.md.
"""
import inspect
import json
import os
import queue
import signal
import sys
import threading
import time

import msgpack
import zmq

__all__ = ["serve", "Call", "ToolError"]

# Kinds of frames and codes of errors (docs/plugins.md, "The wire").
HELLO, WELCOME, REFUSED, HELLO_AGAIN, CALL, REPLY, ERROR, CANCEL = 1, 2, 3, 4, 5, 6, 7, 8
PING, PONG, DRAIN, BYE = 13, 14, 15, 16
E_INVALID_ARGUMENT, E_INTERNAL, E_DEADLINE, E_UNKNOWN_METHOD, E_MALFORMED, E_FORBIDDEN = 4005, 5001, 5002, 4006, 5006, 5010
FIELDS = ("version", "kind", "class", "flags", "id", "trace", "span", "sender", "tenant", "service", "method",
          "key", "budget_ms", "attempt", "hops", "idempotency_key", "credit_messages", "credit_bytes", "err",
          "sequence")
BEAT_S = 1.0
GRACE_S = 1.0
CREDIT_BYTES = 8 << 20


class ToolError(Exception):
    """The tool cannot do what it was asked; the text tells the model what is possible instead."""


class Call:
    """What a call brings besides its arguments."""

    def __init__(self, header, body):
        self.tenant = header["tenant"]
        self.budget_ms = header["budget_ms"]
        self.step_key = body.get("step_key", "")
        self.conversation_id = body.get("conversation_id", "")
        self.contact_id = body.get("contact_id", "")
        self.language = body.get("language", "")
        self.is_dry_run = body.get("is_dry_run", False)
        self.role = body.get("role", "")  # "staff", or "": a customer
        self.text = ""        # a sentence for the model beside the result
        self.receipt = None   # what was committed, a dict


def pack_header(**fields):
    values = {"version": 1, "trace": bytes(16), "span": bytes(8)}
    values.update(fields)
    return msgpack.packb([values.get(name, "" if name in ("sender", "tenant", "service", "method", "key",
                                                          "idempotency_key") else 0) for name in FIELDS])


def unpack_header(frame):
    return dict(zip(FIELDS, msgpack.unpackb(frame)))


class _Server:
    def __init__(self, run, name, timeout_ms, card):
        self.run = run
        self.schema = card["input"]
        self.is_for_staff = card.get("audience") == "staff"
        self.wants_call = "call" in inspect.signature(run).parameters
        self.name = name
        self.timeout_s = timeout_ms / 1000
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 500)
        self.socket.connect(os.environ["PARLEY_BUS"])
        self.done_reader = zmq.Context.instance().socket(zmq.PAIR)
        self.done_reader.bind("inproc://done")
        self.work = queue.Queue()
        self.in_hand = {}  # id -> when it must have ended
        self.is_draining = False

    def send(self, kind, body=b"", **fields):
        self.socket.send_multipart([pack_header(kind=kind, **fields), body])

    def hello(self):
        service = f"tool.{self.name}"
        self.send(HELLO, msgpack.packb({
            "actor": service, "instance": os.environ.get("PARLEY_INSTANCE", service), "service": service,
            "methods": ["call"], "pid": os.getpid(), "version": "python-1", "is_ready": True,
        }), credit_messages=1, credit_bytes=CREDIT_BYTES)

    def stats(self, kind, number=0):
        self.send(kind, msgpack.packb({"open_calls": len(self.in_hand), "is_ready": True}), id=number)

    # --- the thread of the function ---------------------------------------------------------------

    def answer(self, header, body):
        call = Call(header, body)
        if self.is_for_staff and call.role != "staff":
            return ERROR, {"text": "this tool is for people of the business"}, E_FORBIDDEN
        arguments = json.loads(body["arguments"])
        mistake = mistake_in(self.schema, arguments)
        if mistake:
            return ERROR, {"text": mistake}, E_INVALID_ARGUMENT
        if self.wants_call:
            arguments["call"] = call
        try:
            result = self.run(**arguments)
        except ToolError as error:
            return REPLY, {"text": str(error), "is_error": True}, 0
        except Exception as error:  # the process is well; the caller hears, the log has the rest
            import traceback
            traceback.print_exc()
            return ERROR, {"text": f"{type(error).__name__}: {error}"[:200]}, E_INTERNAL
        reply = {"result": json.dumps(result), "text": call.text}
        if call.receipt is not None:
            reply["receipt"] = json.dumps(call.receipt)
        return REPLY, reply, 0

    def work_forever(self):
        done = zmq.Context.instance().socket(zmq.PAIR)
        done.connect("inproc://done")
        while True:
            header, body = self.work.get()
            kind, reply, err = self.answer(header, body)
            done.send(msgpack.packb([kind, header["id"], err, msgpack.packb(reply)]))

    # --- the thread of the bus --------------------------------------------------------------------

    def on_call(self, header, body):
        if header["method"] != "call":
            self.send(ERROR, msgpack.packb({"text": "no such method"}), id=header["id"], err=E_UNKNOWN_METHOD)
            return
        # Past its time the process ends: a function cannot be stopped from outside.
        self.in_hand[header["id"]] = time.monotonic() + self.timeout_s + GRACE_S
        self.work.put((header, msgpack.unpackb(body)))

    def on_frames(self, frames):
        header = unpack_header(frames[0])
        kind = header["kind"]
        if kind == CALL:
            self.on_call(header, frames[1])
        elif kind == HELLO_AGAIN:
            self.hello()
        elif kind == PING:
            self.stats(PONG, header["id"])
        elif kind == REFUSED:
            sys.exit(f"tool {self.name}: the broker refused it ({header['err']})")
        elif kind == DRAIN:
            self.is_draining = True
        elif kind == CANCEL and header["id"] not in self.in_hand:
            self.send(ERROR, id=header["id"], err=5008)

    def on_done(self):
        kind, number, err, body = msgpack.unpackb(self.done_reader.recv())
        self.in_hand.pop(number, None)
        self.send(kind, body, id=number, err=err)

    def look_at_time(self):
        now = time.monotonic()
        for number, until in self.in_hand.items():
            if now > until:
                self.send(ERROR, msgpack.packb({"text": "the tool ran out of time"}), id=number, err=E_DEADLINE)
                print(f"tool {self.name}: call {number} ran longer than {self.timeout_s} s; the process ends",
                      file=sys.stderr)
                self.socket.close()
                os._exit(70)

    def serve(self):
        threading.Thread(target=self.work_forever, daemon=True).start()
        poller = zmq.Poller()
        poller.register(self.socket, zmq.POLLIN)
        poller.register(self.done_reader, zmq.POLLIN)
        self.hello()
        beat = time.monotonic()
        while not (self.is_draining and not self.in_hand):
            ready = dict(poller.poll(100 if self.in_hand else int(BEAT_S * 1000)))
            if self.socket in ready:
                self.on_frames(self.socket.recv_multipart())
            if self.done_reader in ready:
                self.on_done()
            self.look_at_time()
            if time.monotonic() - beat >= BEAT_S:
                beat = time.monotonic()
                self.stats(PING)
        self.send(BYE)
        self.socket.close()


def serve(run, timeout_ms=None):
    """Offers the function as the tool of this folder, until the broker says goodbye."""
    with open(os.environ["PARLEY_TOOL_CARD"], encoding="utf-8") as file:
        card = json.load(file)
    server = _Server(run, os.environ["PARLEY_TOOL"], timeout_ms or card.get("timeout_ms", 5000), card)
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "is_draining", True))
    server.serve()


TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}


def mistake_in(schema, arguments):
    """The first level again, for callers that did not look; None when it is right."""
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in arguments:
            return f"arguments.{name}: is missing"
    for name, value in arguments.items():
        if name not in properties and schema.get("additionalProperties") is False:
            return f"arguments.{name}: is not known"
        expected = TYPES.get(properties.get(name, {}).get("type")) if isinstance(properties.get(name, {}).get("type"), str) else None
        if expected and (not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool)):
            return f"arguments.{name}: must be of type {properties[name]['type']}"
    return None
