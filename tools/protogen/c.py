"""Makes the C side: the table of operations, argument structs, and the field tables of the decoder."""
from .schema import exclusive, members

NOTE = "made by tools/gen-protocol from protocol/schema: change it there."
# Words of the schema that are enumerations of the C code: (its name, prefix of its constants).
ENUMS = {
    "role": ("par_role", "PAR_ROLE_"),
    "history_mode": ("par_history", "PAR_HISTORY_"),
    "push_kind": ("par_push_kind", "PAR_PUSH_"),
}
TYPES = {
    "str": "struct par_str",
    "text": "struct par_str",
    "user_name": "struct par_str",
    "int": "int64_t",
    "bool": "bool",
    "enum": "int",
    "conv": "struct par_conv_ref",
    "user": "struct par_user_ref",
    "users": "struct par_user_refs",
    "marks": "struct par_mark_refs",
}


def ident(name):
    return name.replace(".", "_")


def kind_of(schema):
    if "x-c" in schema:
        return schema["x-c"]
    if "enum" in schema:
        return "enum"
    return {"string": "str", "integer": "int", "boolean": "bool", "object": "object"}[schema["type"]]


def ops_table(schema):
    out = [f"/* The operations of a connection (PROTOCOL.md 3), {NOTE}",
           " * X(NAME, name, \"name in frames\", class of ordering, takes a cmid, on a WebSocket only).",
           " * Classes: WRITE changes one conversation; READ looks at one, or tells it something, and waits",
           " * for earlier writes to it; MULTI concerns several; FREE concerns none. */"]
    for op, request, _ in schema.operations():
        x = request["x-op"]
        out.append(f"X({ident(op).upper()}, {ident(op)}, \"{op}\", {x['class'].upper()}, "
                   f"{int(x['cmid'])}, {int(x.get('socket_only', False))})")
    return "\n".join(out) + "\n"


def limits_header(schema):
    out = [f"/* The limits a client is told (PROTOCOL.md 8), {NOTE} */",
           "#ifndef PAR_PROTO_GEN_LIMITS_H", "#define PAR_PROTO_GEN_LIMITS_H", "",
           "#include <stdint.h>", "",
           "/* X(name, default). */", "#define PAR_PROTO_LIMITS(X) \\"]
    rows = [f"    X({name}, {value['default']})" for name, value in schema.limits().items()]
    out.append(" \\\n".join(rows))
    out += ["", "struct par_proto_limits {", "#define X(name, value) uint32_t name;",
            "    PAR_PROTO_LIMITS(X)", "#undef X", "};", "",
            "/* As PROTOCOL.md 8 has them. */",
            "extern const struct par_proto_limits par_proto_limits_default;", "", "#endif"]
    return "\n".join(out) + "\n"


def struct_fields(schema, source, here, objects, but=()):
    lines = []
    for name, value, required in members(source, but):
        full, file, ref = schema.resolve(value, here)
        kind = kind_of(full)
        if kind == "object":
            objects.setdefault(ref, (full, file))
            ctype = f"struct par_args_{ref}"
        else:
            ctype = TYPES[kind]
        if not required:
            lines.append(f"    bool has_{name};")
        comment = f" /* enum {ENUMS[full['x-enum']][0]} */" if kind == "enum" else ""
        lines.append(f"    {ctype} {name};{comment}")
    return lines or ["    char _none;"]


def shapes(schema):
    """Every object the decoder fills: (C name, schema, file, members to leave out), nested ones first."""
    objects, tops = {}, []
    for op, request, _ in schema.operations():
        tops.append((ident(op), request, "ops.json", ("op", "id")))
    for name, body in schema.bodies():
        tops.append(("body_" + ident(name), body, "rest.json", ()))

    def visit(source, here, but):
        for _, value, _ in members(source, but):
            full, file, ref = schema.resolve(value, here)
            if kind_of(full) == "object":
                visit(full, file, ())
                objects.setdefault(ref, (ref, full, file, ()))

    for _, source, here, but in tops:
        visit(source, here, but)
    return list(objects.values()), tops


def args_header(schema):
    nested, tops = shapes(schema)
    out = [f"/* The arguments of operations and REST bodies after decoding, {NOTE} */",
           "#ifndef PAR_PROTO_GEN_ARGS_H", "#define PAR_PROTO_GEN_ARGS_H", "",
           "#include \"proto/values.h\"", ""]
    for name, source, here, but in nested + tops:
        out.append(f"struct par_args_{name} {{")
        out += struct_fields(schema, source, here, {}, but)
        out += ["};", ""]
    out += ["/* The decoded arguments: which one holds is said by the operation or the body asked for. */",
            "union par_args {", "    const void *any;"]
    out += [f"    const struct par_args_{name} *{name};" for name, *_ in tops]
    out += ["};", ""]
    out += ["/* REST bodies: X(NAME, name). */", "#define PAR_PROTO_BODIES(X) \\"]
    out.append(" \\\n".join(f"    X({ident(n).upper()}, {ident(n)})" for n, _ in schema.bodies()))
    out += ["", "#endif"]
    return "\n".join(out) + "\n"


def field_row(schema, cname, name, value, required, here):
    full, _, ref = schema.resolve(value, here)
    kind = kind_of(full)
    row = [f"\"{name}\"", f"{len(name)}", f".kind = PAR_FIELD_{kind.upper()}"]
    if required:
        row.append(".required = true")
    else:
        row.append(f".has_off = offsetof(struct par_args_{cname}, has_{name})")
    row.append(f".off = offsetof(struct par_args_{cname}, {name})")
    if kind == "int":
        row.append(f".min = {full['minimum']}")
        row.append(f".max = {full.get('maximum', 'INT64_MAX')}")
        if "default" in full:
            row.append(f".value = {full['default']}")
    elif kind in ("str", "text"):
        if full.get("minLength"):
            row.append(f".min = {full['minLength']}")
        if "maxLength" in full and "x-max-bytes" not in full:
            row.append(f".max = {full['maxLength']}")
        if "x-max-bytes" in full:
            row.append(f".max_bytes = {full['x-max-bytes']}")
    elif kind == "users" and "maxItems" in full:
        row.append(f".max = {full['maxItems']}")
    elif kind == "marks":
        row.append(f".min = {full['minimum']}")
    elif kind == "object":
        row.append(f".shape = &shape_{ref}")
    elif kind == "enum":
        row.append(f".words = words_{full['x-enum']}")
    if "x-limit" in full:
        row.append(f".limit_off = offsetof(struct par_proto_limits, {full['x-limit']}) + 1")
    return "    {" + ", ".join(row) + "},"


def fields_source(schema):
    nested, tops = shapes(schema)
    out = [f"/* What the decoder knows of each object, {NOTE} */",
           "#include \"proto/fields.h\"", "#include \"parley/words.h\"", "#include \"store/record_user.h\"", "",
           "const struct par_proto_limits par_proto_limits_default = {",
           "#define X(name, value) .name = value,", "    PAR_PROTO_LIMITS(X)", "#undef X", "};", ""]
    for name, (_, prefix) in ENUMS.items():
        out.append(f"static const struct par_word words_{name}[] = {{")
        for w in schema.defs("types.json")[name]["enum"]:
            out.append(f"    {{\"{w}\", {prefix}{w.upper()}}},")
        out += ["    {NULL, 0},", "};", ""]
    for cname, source, here, but in nested + tops:
        fields = list(members(source, but))
        if fields:
            out.append(f"static const struct par_field fields_{cname}[] = {{")
            out += [field_row(schema, cname, n, v, r, here) for n, v, r in fields]
            out += ["};", ""]
        static = "static " if (cname, source, here, but) in nested else ""
        prefix = "shape_" if static else "par_shape_"
        out.append(f"{static}const struct par_shape {prefix}{cname} = {{")
        if fields:
            out.append(f"    .fields = fields_{cname},")
        out.append(f"    .count = {len(fields)},")
        out.append(f"    .size = sizeof(struct par_args_{cname}),")
        rule = exclusive(source)
        if rule:
            names = [n for n, _, _ in fields]
            mask = sum(1 << names.index(n) for n in rule[1])
            out.append(f"    .rule = PAR_RULE_{rule[0]},")
            out.append(f"    .rule_mask = {mask:#x},")
            out.append(f"    .rule_names = \"{', '.join(rule[1])}\",")
        out += ["};", ""]
    return "\n".join(out).rstrip() + "\n"


def outputs(schema):
    return {
        "include/parley/tbl/ops.h": ops_table(schema),
        "src/proto/gen/limits.h": limits_header(schema),
        "src/proto/gen/args.h": args_header(schema),
        "src/proto/gen/fields.c": fields_source(schema),
    }
