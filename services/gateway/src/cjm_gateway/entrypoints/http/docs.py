"""The description of the API as one page without scripts: it works offline and under the strictest content policy."""

import json
from collections import defaultdict
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --line: #8885; --soft: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
details { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; padding: .5rem .8rem; }
summary { cursor: pointer; } summary b { display: inline-block; min-width: 4.2rem; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0; }
td, th { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--soft); }
"""


def docs_page(openapi: dict[str, Any]) -> str:
    """The page for an OpenAPI description."""
    by_tag: dict[str, list[str]] = defaultdict(list)
    shared = openapi["components"].get("parameters", {})
    for path, item in openapi["paths"].items():
        for method, operation in item.items():
            by_tag[operation["tags"][0]].append(_operation(method, path, operation, shared))
    tags = "".join(f"<h2>{escape(tag)}</h2>{''.join(operations)}" for tag, operations in by_tag.items())
    schemas = "".join(_schema(name, schema) for name, schema in sorted(openapi["components"]["schemas"].items()))
    info = openapi["info"]
    title = escape(info["title"])
    intro = "".join(f"<p>{escape(part)}</p>" for part in info["description"].split("\n\n"))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title} {escape(info['version'])}</h1>{intro}"
        '<p>For programs: <a href="/openapi.json">/openapi.json</a></p>'
        f"{tags}<h2>Forms</h2>{schemas}</main></body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any], shared: dict[str, Any]) -> str:
    parts = [f"<p>{escape(operation.get('description', ''))}</p>"]
    parameters = [
        shared[item["$ref"].rpartition("/")[2]] if "$ref" in item else item for item in operation.get("parameters", [])
    ]
    if parameters:
        parts.append(
            "<table><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr>"
            + "".join(
                f"<tr><td><code>{escape(item['name'])}</code>{' *' if item.get('required') else ''}</td>"
                f"<td>{item['in']}</td><td>{_type(item['schema'])}</td>"
                f"<td>{escape(item.get('description', ''))}</td></tr>"
                for item in parameters
            )
            + "</table>"
        )
    if body := operation.get("requestBody"):
        parts.append(f"<p>Body: {_contents(body)}</p>")
    for status, response in operation["responses"].items():
        if "$ref" not in response:
            parts.append(f"<p>{status}: {escape(response['description'])} {_contents(response)}</p>")
    return (
        f'<details id="{operation["operationId"]}"><summary><b>{method.upper()}</b> <code>{escape(path)}</code> '
        f"{escape(operation['summary'])}</summary>{''.join(parts)}</details>"
    )


def _contents(holder: dict[str, Any]) -> str:
    contents = holder.get("content", {}).items()
    return "; ".join(f"<code>{escape(kind)}</code> {_type(content.get('schema', {}))}" for kind, content in contents)


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{' *' if field in required else ''}</td><td>{_type(value)}</td>"
        f"<td>{escape(value.get('description', ''))}</td></tr>"
        for field, value in schema.get("properties", {}).items()
    )
    return (
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"<p>{escape(schema.get('description', ''))}</p><table>{rows}</table></details>"
    )


def _type(schema: dict[str, Any]) -> str:
    if reference := schema.get("$ref"):
        name = escape(reference.rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(_type(item) for item in schema[key])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(json.dumps(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if isinstance(values := schema.get("additionalProperties"), dict):
        return f"object of {_type(values)}"
    if schema.get("type") == "object" and "properties" in schema:
        return "object: " + ", ".join(f"<code>{escape(name)}</code>" for name in schema["properties"])
    return escape(str(schema.get("const") or schema.get("format") or schema.get("type") or "any value"))
