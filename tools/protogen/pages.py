"""Makes the pages for people and tools: OpenAPI 3.1 of REST, AsyncAPI 3.0 of the WebSocket."""
import json

from .ts import camel

INTERNAL = {"x-c", "x-limit", "x-too-large", "x-enum", "x-op", "x-max-bytes", "x-at-most-one"}


def name_of(file, key):
    """Where a definition of the schemas stands among the page's components."""
    prefix = "Event" if file == "events.json" else ""
    return prefix + camel(key)


def portable(node, here):
    """A schema for a page: references point into the page, our own keywords are gone, limits are said."""
    if isinstance(node, list):
        return [portable(n, here) for n in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for key, value in node.items():
        if key == "$ref":
            file, _, pointer = value.partition("#/$defs/")
            out["$ref"] = "#/components/schemas/" + name_of(file or here, pointer)
        elif key in ("x-max-bytes", "x-limit"):
            note = f"At most {value} bytes of UTF-8." if key == "x-max-bytes" else f"Limit: `{value}`."
            out["description"] = (out.get("description", node.get("description", "")) + " " + note).strip()
        elif key == "properties":
            out[key] = {name: portable(v, here) for name, v in value.items()}
        elif key not in INTERNAL and not (key == "description" and "description" in out):
            out[key] = portable(value, here)
    # `minimum` beside a map of numbers is for the C tables only.
    if out.get("type") == "object":
        out.pop("minimum", None)
    return out


def components(schema, files):
    out = {}
    for file in files:
        for key, value in schema.defs(file).items():
            out[name_of(file, key)] = portable(value, file)
    return out


def referred(page, schemas):
    """Only the components that something refers to, directly or through others."""
    found, todo = set(), [page]
    while todo:
        text = json.dumps(todo.pop())
        for name in schemas:
            if name not in found and f'"#/components/schemas/{name}"' in text:
                found.add(name)
                todo.append(schemas[name])
    return {name: schemas[name] for name in schemas if name in found}


def ref(target):
    file, _, key = target.partition("#/$defs/")
    return {"$ref": "#/components/schemas/" + (name_of(file, key) if key else name_of("rest.json", target))}


def json_content(target):
    if target == "ANY":
        return {"application/json": {"schema": {"type": "object"}}}
    if target == "TEXT":
        return {"text/plain": {"schema": {"type": "string"}}}
    if isinstance(target, list):
        return {"application/json": {"schema": {"anyOf": [ref(t) for t in target]}}}
    return {"application/json": {"schema": ref(target)}}


WORDS = {"200": "Done", "201": "Made", "204": "Done, nothing to say", "404": "Draining", "410": "Gone",
         "503": "It cannot serve"}


def operation(call, schema):
    method, path = call["call"].split(" ")
    key = path.removeprefix("/v1").removeprefix("/").replace("{", "").replace("}", "")
    out = {"operationId": method.lower() + camel(key.replace("/", "_").replace(".", "_")),
           "summary": call["summary"], "tags": [call["tag"]]}
    if "note" in call:
        out["description"] = call["note"]
    params = [{"name": p[1:-1], "in": "path", "required": True, "schema": {"type": "string"}}
              for p in path.split("/") if p.startswith("{")]
    for name, value in call.get("query", {}).items():
        value = dict(value)
        param = {"name": name, "in": "query", "required": value.pop("required", False)}
        if "description" in value:
            param["description"] = value.pop("description")
        params.append({**param, "schema": value})
    if params:
        out["parameters"] = params
    body = call.get("body")
    if body == "OPERATION":
        ops = [f"ops.json#/$defs/{op}.request" for op, request, _ in schema.operations()
               if not request["x-op"].get("socket_only")]
        body = ops
    if body:
        out["requestBody"] = {"required": True, "content": json_content(body)}
    out["responses"] = {}
    for status, target in call["answers"].items():
        answer = {"description": WORDS[status]}
        if target:
            answer["content"] = json_content(target)
        out["responses"][status] = answer
    if path.startswith("/v1") and path != "/v1/openapi.json":
        out["responses"]["default"] = {"description": "Refused", "content": json_content("error.answer")}
    auth = call.get("auth", "token")
    if auth == "none":
        out["security"] = []
    elif auth == "key":
        out["security"] = [{"key": []}]
    elif auth == "both":
        out["security"] = [{"token": []}, {"key": []}]
    return path, method.lower(), out


def openapi(schema):
    page = {"openapi": "3.1.0",
            "info": {"title": "Parley", "version": "1", "description":
                     "REST calls of a Parley server. Errors are `{error: {code, message, retry, retry_after_ms}}`; "
                     "`retry: true` means that the same request may be sent again later.",
                     "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
            "servers": [{"url": "/"}],
            "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
            "security": [{"token": []}], "paths": {}}
    for call in schema.files["rest.json"]["x-calls"]:
        path, method, what = operation(call, schema)
        page["paths"].setdefault(path, {})[method] = what
    schemas = components(schema, ("types.json", "ops.json", "rest.json"))
    page["components"] = {
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": "A session token of register or login."},
            "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "For servers."}},
        "schemas": referred(page["paths"], schemas)}
    return page


def message(name, target, summary):
    return {"name": name, "title": summary or name, "contentType": "application/json", "payload": ref(target)}


def asyncapi(schema):
    messages, asked, told = {}, [], []
    for op, request, _ in schema.operations():
        key = camel(op + ".request")
        messages[key] = message(op, f"ops.json#/$defs/{op}.request", request["description"])
        asked.append(key)
    messages["Answer"] = message("answer", "types.json#/$defs/answer", "The answer to a request")
    told.append("Answer")
    for ev, value in schema.defs("events.json").items():
        key = "Event" + camel(ev)
        messages[key] = message(ev, f"events.json#/$defs/{ev}", value["description"])
        told.append(key)
    channel = "#/channels/socket/messages/"
    answers = {}
    for op, _, _ in schema.operations():
        answers[camel(op + ".answer")] = ref(f"ops.json#/$defs/{op}.answer")
    page = {"asyncapi": "3.0.0",
            "info": {"title": "Parley", "version": "1", "description":
                     "The WebSocket of a Parley server: one JSON object in a text frame. A request carries `op` and "
                     "`id`, its answer `re`; what comes unasked carries `ev`. The answer's `ok` of each operation is "
                     "the schema of that operation's name with `Answer` behind it."},
            "defaultContentType": "application/json",
            "servers": {"here": {"host": "127.0.0.1:8080", "protocol": "ws", "pathname": "/v1/ws"}},
            "channels": {"socket": {"address": "/v1/ws", "messages":
                                    {k: {"$ref": "#/components/messages/" + k} for k in messages}}},
            "operations": {
                "ask": {"action": "send", "channel": {"$ref": "#/channels/socket"},
                        "summary": "What a client asks", "messages": [{"$ref": channel + k} for k in asked],
                        "reply": {"channel": {"$ref": "#/channels/socket"},
                                  "messages": [{"$ref": channel + "Answer"}]}},
                "hear": {"action": "receive", "channel": {"$ref": "#/channels/socket"},
                         "summary": "What a client hears", "messages": [{"$ref": channel + k} for k in told]}}}
    schemas = components(schema, ("types.json", "ops.json", "events.json"))
    page["components"] = {"messages": messages, "schemas": referred([messages, answers], schemas)}
    return page


def text(page):
    return json.dumps(page, ensure_ascii=False, indent=1) + "\n"


def outputs(schema):
    return {"protocol/openapi.json": text(openapi(schema)), "protocol/asyncapi.json": text(asyncapi(schema))}
