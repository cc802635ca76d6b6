"""Reads protocol/schema and answers questions about it: references, operations, events, bodies."""
import json
import pathlib


class Schema:
    def __init__(self, folder):
        self.files = {}
        for path in sorted(pathlib.Path(folder).glob("*.json")):
            self.files[path.name] = json.loads(path.read_text(encoding="utf-8"))

    def defs(self, name):
        return self.files[name]["$defs"]

    def resolve(self, schema, here):
        """Follows $ref; keywords beside the reference win. Returns (schema, file it stands in, its name)."""
        name = None
        while "$ref" in schema:
            file, _, pointer = schema["$ref"].partition("#/$defs/")
            here = file or here
            name = pointer
            beside = {k: v for k, v in schema.items() if k != "$ref"}
            schema = {**self.defs(here)[pointer], **beside}
        return schema, here, name

    def operations(self):
        """(op, request, answer) in the order of the file."""
        defs = self.defs("ops.json")
        for key, request in defs.items():
            if key.endswith(".request"):
                op = key[: -len(".request")]
                yield op, request, defs[op + ".answer"]

    def bodies(self):
        for key, body in self.defs("rest.json").items():
            if key.endswith(".body"):
                yield key[: -len(".body")], body

    def limits(self):
        return self.defs("types.json")["limits"]["properties"]


def members(schema, but=()):
    """The members of an object as (name, schema, required)."""
    required = schema.get("required", [])
    for name, value in schema.get("properties", {}).items():
        if name not in but:
            yield name, value, name in required


def exclusive(schema):
    """The rule over several members: (kind, names) or None."""
    for keyword, kind in (("oneOf", "EXACTLY_ONE"), ("anyOf", "AT_LEAST_ONE")):
        if keyword in schema:
            return kind, [choice["required"][0] for choice in schema[keyword]]
    if "x-at-most-one" in schema:
        return "AT_MOST_ONE", schema["x-at-most-one"]
    return None
