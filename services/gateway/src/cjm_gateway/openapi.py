"""`python -m cjm_gateway.openapi` prints the description of the API; `make` keeps it in `openapi.json`."""

import json
import sys

from cjm_gateway.entrypoints.http.app import create_app


def description() -> str:
    """The OpenAPI description as JSON text, the same for the same code."""
    return json.dumps(create_app().openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(description())
