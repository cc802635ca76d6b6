"""Makes the TypeScript types of everything that goes over the wire."""
import json

HEAD = """// What goes over the wire, made by tools/gen-protocol from protocol/schema: change it there.

"""


def camel(name):
    return "".join(part[:1].upper() + part[1:] for part in name.replace(".", "_").split("_"))


def literal(value):
    return "'" + value + "'" if isinstance(value, str) else json.dumps(value)


def type_of(schema, indent):
    """The type as an expression."""
    if "$ref" in schema:
        return camel(schema["$ref"].partition("#/$defs/")[2])
    if "const" in schema:
        return literal(schema["const"])
    if "enum" in schema:
        return " | ".join(literal(v) for v in schema["enum"])
    if "anyOf" in schema and "properties" not in schema:
        return " | ".join(type_of(s, indent) for s in schema["anyOf"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(type_of({"type": k}, indent) for k in kind)
    if kind == "array":
        inner = type_of(schema["items"], indent)
        return f"({inner})[]" if " " in inner else inner + "[]"
    if kind == "object":
        return object_of(schema, indent)
    return {"string": "string", "integer": "number", "boolean": "boolean", "null": "null"}[kind]


def object_of(schema, indent):
    bases = [type_of(s, indent) for s in schema.get("allOf", [])]
    if "additionalProperties" in schema:
        return f"Record<string, {type_of(schema['additionalProperties'], indent)}>"
    if "properties" not in schema and not bases:
        return "Record<string, unknown>"
    required = schema.get("required", [])
    pad = "  " * (indent + 1)
    lines = ["{"]
    for name, value in schema.get("properties", {}).items():
        if "description" in value:
            lines.append(f"{pad}/** {value['description']} */")
        mark = "" if name in required else "?"
        lines.append(f"{pad}{name}{mark}: {type_of(value, indent + 1)};")
    lines.append("  " * indent + "}")
    return " & ".join(bases + ["\n".join(lines)])


def declare(name, schema):
    out = f"/** {schema['description']} */\n" if "description" in schema else ""
    body = type_of(schema, 0)
    if body.startswith("{"):
        return out + f"export interface {camel(name)} {body}\n"
    return out + f"export type {camel(name)} = {body};\n"


def outputs(schema):
    parts = [HEAD]
    for name, value in schema.defs("types.json").items():
        parts.append(declare(name, value) + "\n")
    for name, value in schema.defs("ops.json").items():
        parts.append(declare(name, value) + "\n")
    for name, value in schema.defs("events.json").items():
        parts.append(declare("event_" + name, value) + "\n")
    for name, value in schema.defs("rest.json").items():
        parts.append(declare(name, value) + "\n")
    parts.append("/** What an operation asks and answers, by its name. */\nexport interface Operations {\n")
    for op, _, _ in schema.operations():
        parts.append(f"  '{op}': {{ request: {camel(op + '.request')}; answer: {camel(op + '.answer')} }};\n")
    parts.append("}\n\nexport type Op = keyof Operations;\n\n")
    events = [camel("event_" + name) for name in schema.defs("events.json")]
    parts.append("export type ServerEvent =\n" + "\n".join(f"  | {e}" for e in events) + ";\n\n")
    parts.append("/** The limits that hold when a server says nothing else. */\n")
    parts.append("export const protocolLimits: Limits = {\n")
    for name, value in schema.limits().items():
        parts.append(f"  {name}: {value['default']},\n")
    parts.append("};\n")
    names = [line.split()[2] for part in parts for line in part.splitlines() if line.startswith("export ")]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SystemExit(f"two definitions make the same type: {sorted(twice)}")
    return {"sdk/ts/src/gen/protocol.ts": "".join(parts)}
