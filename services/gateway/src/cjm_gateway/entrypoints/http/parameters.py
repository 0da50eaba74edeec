"""Query parameters that a route does not know are refused: a misspelt filter must not answer with all the data."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from cjm_gateway.entrypoints.http.problems import invalid_request
from cjm_kit.errors import FieldViolation

_SHOWN_CHARACTERS = 100
_NEAR = 0.75  # "fliter" is near "filter", "gap" is near nothing


def refuse_unknown(query: str, known: Iterable[str] = ()) -> None:
    """Refuse parameters that are not known.

    Args:
        query: The query string as sent.
        known: The parameters there are.

    Raises:
        AppError: INVALID_ARGUMENT with a `parameter_unknown` for each.
    """
    names = list(dict.fromkeys(known))
    sent = dict.fromkeys(name for name, _ in parse_qsl(query, keep_blank_values=True))
    unknown = [name[:_SHOWN_CHARACTERS] for name in sent if name not in names]
    if unknown:
        raise invalid_request([FieldViolation(name, "parameter_unknown", _sentence(name, names)) for name in unknown])


def _sentence(name: str, known: list[str]) -> str:
    advice = f"It takes {', '.join(known)}." if known else "It takes none; leave it out."
    if near := get_close_matches(name.lower(), known, 1, _NEAR):
        advice = f'Did you mean "{near[0]}"?'
    return f'"{name}" is not a parameter of this address. {advice}'


async def _only_known(request: Request) -> None:
    if request.url.query:
        refuse_unknown(request.url.query, _names(request.scope["route"].dependant))


def _names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        form = field.field_info.annotation
        if isinstance(form, type) and issubclass(form, BaseModel):
            yield from (part.alias or name for name, part in form.model_fields.items())
        else:
            yield field.alias
    for part in dependant.dependencies:
        yield from _names(part)


only_known_parameters = Depends(_only_known)
