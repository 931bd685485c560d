"""Faults, knobs, and the count of requests."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from apps.sandbox.control import request_log, weather
from apps.sandbox.control.bodies import BadAsk, answers_in_words, json_of, number
from apps.sandbox.coripo import knobs as coripo_knobs
from apps.sandbox.entra import knobs
from apps.sandbox.graph import knobs as ways_of_graph


@answers_in_words
@require_http_methods(["GET", "POST", "DELETE"])
def faults(request: HttpRequest) -> HttpResponse:
    if request.method == "DELETE":
        weather.clear()
    if request.method != "POST":
        return JsonResponse({"faults": weather.listed()})
    wish = json_of(request, "name", "target", "times", "seconds", "share")
    try:
        fault = weather.add(
            name=str(wish.get("name", "")),
            target=str(wish.get("target", "")),
            times=int(number(wish, "times", default=1)),
            seconds=number(wish, "seconds", default=0) if "seconds" in wish else None,
            share=number(wish, "share", default=1),
        )
    except weather.UnknownFault as error:
        raise BadAsk(str(error)) from error
    return JsonResponse(fault, status=201)


@answers_in_words
@require_http_methods(["GET", "DELETE"])
def requests(request: HttpRequest) -> HttpResponse:
    if request.method == "DELETE":
        request_log.clear()
    return JsonResponse(request_log.counted())


@answers_in_words
@require_http_methods(["GET", "POST", "DELETE"])
def entra_knobs(request: HttpRequest) -> HttpResponse:
    """Entra ID's knobs. DELETE puts back the others' as well, so that one call makes all services ordinary."""
    if request.method == "DELETE":
        knobs.reset()
        coripo_knobs.reset()
        ways_of_graph.reset()
    try:
        return JsonResponse(knobs.turn(json_of(request) if request.method == "POST" else {}))
    except knobs.UnknownKnob as error:
        raise BadAsk(str(error)) from error


@answers_in_words
@require_http_methods(["GET", "POST", "DELETE"])
def graph_knobs(request: HttpRequest) -> HttpResponse:
    """Graph's knobs."""
    if request.method == "DELETE":
        ways_of_graph.reset()
    try:
        return JsonResponse(ways_of_graph.turn(json_of(request) if request.method == "POST" else {}))
    except ways_of_graph.UnknownKnob as error:
        raise BadAsk(str(error)) from error
