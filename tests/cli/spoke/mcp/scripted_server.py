#!/usr/bin/env python3
"""A small MCP server that does what it is told: for the tests of `strawberryctl spoke --mcp`.

scripted_server.py MODE…          over standard input and output
scripted_server.py --http MODE…   over HTTP on a free port, which is the first line it writes

Modes may be combined: modern (2026-07-28, no initialize), sse (answers as events), pages, restless (other tools all the
time), silent (answers nothing), rubbish, flood, crash (ends at the tool `crash`), huge (a list of 10 MB), deaf (does not
read), late-start (answers its first request after a second), session (HTTP: forgets its session at the tool `forget`).
"""
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODERN = "2026-07-28"
MODES = set(arg for arg in sys.argv[1:] if not arg.startswith("--"))
lock = threading.Lock()
state = {"tools": 0, "session": 1, "cancelled": []}


def tool(name, description="", properties=None, required=(), annotations=None, **schema):
    made = {"name": name, "description": description,
            "inputSchema": {"type": "object", "properties": properties or {}, "required": list(required), **schema}}
    if annotations:
        made["annotations"] = annotations
    return made


def tools():
    text = {"type": "string"}
    listed = [
        tool("echo", "Says it again.", {"text": {**text, "description": "What to say."}}, ["text"],
             {"readOnlyHint": True}),
        tool("add", "", {"a": {"type": "number"}, "b": {"type": "number"}}, ["a", "b"]),
        tool("delete-all", "Deletes all.", {"really?": {"type": "boolean"}}, ["really?"], {"destructiveHint": True}),
        tool("ranged", "", {"level": {"type": "integer", "minimum": 0, "maximum": 5}}, ["level"]),
        tool("picture"), tool("long"), tool("fail"), tool("wait"), tool("crash"), tool("change"), tool("cancelled"),
        tool("forget"), tool("environment", "", {"name": text}, ["name"]), tool("bulky"),
    ]
    if "restless" in MODES:
        state["tools"] += 1
        listed.append(tool("tool_%d" % state["tools"]))
    if state["tools"] and "restless" not in MODES:
        listed.append(tool("added"))
    if "huge" in MODES:
        listed += [tool("huge_%d" % i, "x" * 100_000) for i in range(100)]
    return listed


def content(*parts, **more):
    return {"content": list(parts), **more}


def text(words):
    return {"type": "text", "text": words}


def call(name, arguments):
    if name == "echo":
        return content(text(arguments["text"]))
    if name == "add":
        total = arguments["a"] + arguments["b"]
        return content(text(str(total)), structuredContent={"sum": total})
    if name == "delete-all":
        return content(text("deleted, really? %s" % arguments["really?"]))
    if name == "ranged":
        return content(text("level %s" % arguments["level"]))
    if name == "picture":
        return content(text("a picture:"), {"type": "image", "data": "A" * 400, "mimeType": "image/png"})
    if name == "long":
        return content(text("ä" * 200_000))
    if name == "bulky":
        return content(text("x" * 10_000_000))
    if name == "fail":
        return content(text("no such song"), isError=True)
    if name == "wait":
        time.sleep(60)
    if name == "crash":
        print("about to crash", file=sys.stderr, flush=True)
        os._exit(3)
    if name == "change":
        state["tools"] += 1
        return content(text("changed"))
    if name == "cancelled":
        return content(text(json.dumps(state["cancelled"])))
    if name == "forget":
        state["session"] += 1
        return content(text("forgotten"))
    if name == "environment":
        return content(text(os.environ.get(arguments["name"], "not there")))
    return content(text("done"))


def answer(message):
    """The result of a request, or (code, words)."""
    method = message["method"]
    params = message.get("params", {})
    if "silent" in MODES:
        time.sleep(3600)
    if "modern" in MODES:
        if params.get("_meta", {}).get("io.modelcontextprotocol/protocolVersion") != MODERN:
            return (-32602, "no revision")
        if method == "server/discover":
            if "late-start" in MODES:
                time.sleep(1)
            return {"resultType": "complete", "supportedVersions": [MODERN], "capabilities": {"tools": {"listChanged": True}},
                    "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "modern/scripted", "version": "1"}}}
    elif method == "initialize":
        if "late-start" in MODES:
            time.sleep(1)
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "scripted-server", "version": "1"}}
    if method == "tools/list":
        listed = tools()
        if "pages" not in MODES:
            return {"tools": listed}
        at = int(params.get("cursor", "0"))
        page = {"tools": listed[at:at + 3]}
        if at + 3 < len(listed):
            page["nextCursor"] = str(at + 3)
        return page
    if method == "tools/call":
        return call(params["name"], params.get("arguments", {}))
    return (-32601, "Method not found")


def reply_to(message):
    result = answer(message)
    if isinstance(result, tuple):
        return {"jsonrpc": "2.0", "id": message["id"], "error": {"code": result[0], "message": result[1]}}
    return {"jsonrpc": "2.0", "id": message["id"], "result": result}


CHANGED = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}


def write(message):
    with lock:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def noise():
    while True:
        if "rubbish" in MODES:
            with lock:
                sys.stdout.write("Listening on nothing {]\n")
                sys.stdout.flush()
            print("a log line", file=sys.stderr, flush=True)
        if "flood" in MODES:
            for _ in range(1000):
                write({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "x" * 1000}})
        if "restless" in MODES:
            write(CHANGED)
        time.sleep(0.01)


def serve_stdio():
    if MODES & {"rubbish", "flood", "restless"}:
        threading.Thread(target=noise, daemon=True).start()
    if "deaf" in MODES:
        time.sleep(3600)

    def work(message):
        write(reply_to(message))
        if message.get("params", {}).get("name") == "change":
            write(CHANGED)

    for line in sys.stdin:
        message = json.loads(line)
        if message.get("method") == "notifications/cancelled":
            state["cancelled"].append(message["params"]["requestId"])
        if "id" in message and "method" in message:
            threading.Thread(target=work, args=(message,), daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def body(self, status, text, kind="application/json", headers=()):
        data = text.encode()
        self.send_response(status)
        if data:
            self.send_header("Content-Type", kind)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def is_let_in(self):
        if "secret" in MODES and self.headers.get("Authorization") != "Bearer open-sesame":
            self.body(401, "who are you?", "text/plain")
            return False
        return True

    def do_GET(self):
        if not self.is_let_in():
            return
        if "modern" in MODES:
            self.body(405, "")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.follow()

    def follow(self):
        seen = state["tools"]
        self.close_connection = True
        while True:
            time.sleep(0.05)
            if state["tools"] != seen:
                seen = state["tools"]
                self.wfile.write(("data: %s\n\n" % json.dumps(CHANGED)).encode())
            self.wfile.write(b": still there\n\n")
            self.wfile.flush()

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.is_let_in():
            return
        method = message.get("method", "")
        if "modern" in MODES:
            if self.headers.get("MCP-Protocol-Version") != MODERN or self.headers.get("Mcp-Method") != method:
                self.body(400, json.dumps({"jsonrpc": "2.0", "id": None,
                                           "error": {"code": -32020, "message": "header mismatch"}}))
                return
        elif method != "initialize" and self.headers.get("Mcp-Session-Id") != "s%d" % state["session"]:
            self.body(404 if "Mcp-Session-Id" in self.headers else 400, "")
            return
        if "id" not in message:
            self.body(202, "")
            return
        if method == "subscriptions/listen":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b'data: {"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged"}\n\n')
            self.follow()
        reply = reply_to(message)
        headers = [("Mcp-Session-Id", "s%d" % state["session"])] if method == "initialize" and "modern" not in MODES else []
        if "sse" in MODES:
            events = ": hello\n\nevent: message\ndata: %s\n\nevent: message\ndata: %s\n\n" % (
                json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {}}), json.dumps(reply))
            self.body(200, events, "text/event-stream", headers)
        else:
            self.body(200, json.dumps(reply, indent=2), headers=headers)


if "--http" in sys.argv:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()
else:
    serve_stdio()
