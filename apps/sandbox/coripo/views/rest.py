"""The door of REST v4_1: a form in, JSON out. Source: measured on SuiteCRM 7.14.6, "Transport" and "Errors"."""

import inspect
import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from apps.sandbox.coripo.faults import DatabaseFailure, Fault, PhpFatal, SilentNull, UnknownMethod
from apps.sandbox.coripo.methods import METHODS
from apps.sandbox.coripo.sessions import calls_from

SESSION_COOKIE = "PHPSESSID"
HTML = "text/html; charset=UTF-8"
# What a request without a known form gets: a page that dumps the service class.
CLASS_DUMP = "<html><body><pre>class SugarWebServiceImplv4_1 { ... }</pre></body></html>"
UNKNOWN_METHOD = {"name": "An Undefined Error - invalid_call occurred", "number": "-1", "description": ""}


@csrf_exempt
def rest(request: HttpRequest) -> HttpResponse:
    """One call. Any HTTP method will do, as long as the arguments come as a form or in the address."""
    form = request.POST or request.GET
    if not form.get("method"):
        return HttpResponse(CLASS_DUMP, content_type=HTML)
    try:
        with calls_from(request.META.get("REMOTE_ADDR", "")):
            answer = _call(request, form["method"], form.get("rest_data", ""))
    except SilentNull:
        answer = None
    except Fault as fault:
        answer = {"name": fault.name, "number": fault.number, "description": fault.description}
        if not fault.description:
            del answer["description"]
    except UnknownMethod:
        answer = UNKNOWN_METHOD
    except DatabaseFailure:
        sentence = "Database failure. Please refer to suitecrm.log for details."
        return HttpResponse(sentence, status=500, content_type=HTML)
    except PhpFatal:
        return HttpResponse("", status=500, content_type=HTML)
    if form.get("response_type", "").upper() != "JSON":
        return HttpResponse(print_r(answer), content_type=HTML)
    response = HttpResponse(json.dumps(answer), content_type="application/json; charset=UTF-8")
    if form["method"] == "login" and isinstance(answer, dict) and "id" in answer:
        response.set_cookie(SESSION_COOKIE, answer["id"], path="/", httponly=True)
    return response


def print_r(value: object, depth: int = 0) -> str:
    """Nested arrays as PHP prints them, for clients that forget response_type.

    >>> print_r("text"), print_r([])
    ('text', 'Array\\n(\\n)\\n')
    """
    match value:
        case dict():
            items = list(value.items())
        case list():
            items = list(enumerate(value))
        case None | False:
            return ""
        case True:
            return "1"
        case _:
            return str(value)
    indent = " " * 8 * depth
    lines = [f"{indent}    [{key}] => {print_r(item, depth + 1)}\n" for key, item in items]
    return f"Array\n{indent}(\n{''.join(lines)}{indent})\n"


def _call(request: HttpRequest, name: str, rest_data: str) -> Any:
    method = METHODS.get(name)
    if method is None:
        raise UnknownMethod
    positional, named = _arguments(method, rest_data)
    if name == "login":
        if "application_name" in named:
            named["application"] = named.pop("application_name")
        if "cookie" in named:
            raise PhpFatal("unknown argument")
        named["cookie"] = request.COOKIES.get(SESSION_COOKIE, "")
    try:
        bound = inspect.signature(method).bind(*positional, **named)
    except TypeError as error:
        # Too few arguments, or a name that the method does not have.
        raise PhpFatal(str(error)) from error
    return method(*bound.args, **bound.kwargs)


def _arguments(method: Any, rest_data: str) -> tuple[list[Any], dict[str, Any]]:
    """A list is spread by position, an object by name; anything else is one argument."""
    if not rest_data:
        return [], {}
    try:
        data = json.loads(rest_data)
    except ValueError as error:
        requires = [p for p in inspect.signature(method).parameters.values() if p.default is p.empty]
        if requires:
            raise PhpFatal("malformed rest_data") from error
        raise SilentNull from error
    if isinstance(data, Mapping):
        return [], dict(data)
    if isinstance(data, list):
        parameters = inspect.signature(method).parameters.values()
        # PHP ignores arguments that nobody asked for.
        return data[: len([p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD])], {}
    return [data], {}
