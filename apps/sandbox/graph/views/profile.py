"""`/me` and `/users/{id}`: the signed-in person."""

from apps.sandbox.control.models import Person
from apps.sandbox.graph import shapes
from apps.sandbox.graph.calls import Reply, Wire
from apps.sandbox.graph.queries import options, selected


def show(wire: Wire, person: Person) -> Reply:
    properties = selected(options(wire.query).select, shapes.USER_PROPERTIES, "user") or shapes.USER_DEFAULT
    names = f"({','.join(properties)})" if properties != shapes.USER_DEFAULT else ""
    return Reply(
        {"@odata.context": f"{wire.base_url}/$metadata#users{names}/$entity", **shapes.user(person, properties)}
    )
