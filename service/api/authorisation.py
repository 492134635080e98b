"""What each route needs: one table, and the one middleware that enforces it."""

import re

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from service.api.auth import CALLER, Authentication
from service.api.bodies import read_body
from service.api.origins import refuse_other_sites
from service.domain.access import Role, role_for_patch
from service.domain.errors import InvalidInput

API = "/v1/"
CONSOLE = "/v1/console"
ANYBODY = None
VIEWER, OPERATOR, ADMIN = Role.VIEWER, Role.OPERATOR, Role.ADMIN

# Method and path, `{}` for each part that varies, to the least role. What is missing here needs an admin.
NEEDED: dict[tuple[str, str], Role | None] = {
    ("GET", "/"): ANYBODY,
    ("GET", "/automation"): ANYBODY,  # the console's files, the same for all; what they show they ask for
    ("GET", "/automation/{}"): ANYBODY,
    ("GET", "/docs"): ANYBODY,
    ("GET", "/docs/{}"): ANYBODY,
    ("GET", "/openapi.json"): ANYBODY,
    ("GET", "/health/live"): ANYBODY,
    ("GET", "/health/ready"): ANYBODY,
    ("GET", "/metrics"): VIEWER,
    ("GET", "/signin"): ANYBODY,
    ("GET", "/signin.css"): ANYBODY,
    ("POST", "/signin"): ANYBODY,
    ("POST", "/signout"): ANYBODY,
    ("GET", f"{CONSOLE}/session"): VIEWER,
    ("GET", f"{CONSOLE}/time-zones"): VIEWER,
    ("GET", f"{CONSOLE}/jobs"): VIEWER,
    ("POST", f"{CONSOLE}/jobs"): ADMIN,
    ("GET", f"{CONSOLE}/jobs/history"): VIEWER,
    ("GET", f"{CONSOLE}/jobs/{{}}"): VIEWER,
    ("PATCH", f"{CONSOLE}/jobs/{{}}"): OPERATOR,  # at least: the fields decide, see `role_for_patch`
    ("DELETE", f"{CONSOLE}/jobs/{{}}"): ADMIN,
    ("POST", f"{CONSOLE}/jobs/{{}}/trigger"): OPERATOR,
    ("PUT", f"{CONSOLE}/jobs/{{}}/schedule"): OPERATOR,
    ("PUT", f"{CONSOLE}/jobs/{{}}/enabled"): OPERATOR,
    ("POST", f"{CONSOLE}/jobs/{{}}/pause"): OPERATOR,
    ("POST", f"{CONSOLE}/jobs/{{}}/resume"): OPERATOR,
    ("POST", f"{CONSOLE}/jobs/{{}}/revert"): ADMIN,  # it may bring back a handler or parameters
    ("GET", f"{CONSOLE}/jobs/{{}}/history"): VIEWER,
    ("GET", f"{CONSOLE}/jobs/{{}}/stats"): VIEWER,
    ("GET", f"{CONSOLE}/jobs/{{}}/fires"): VIEWER,
    ("GET", f"{CONSOLE}/jobs/{{}}/why"): VIEWER,
    ("GET", f"{CONSOLE}/jobs/{{}}/changes"): VIEWER,
    ("GET", f"{CONSOLE}/jobs/{{}}/logs/stream"): VIEWER,
    ("GET", f"{CONSOLE}/jobs/{{}}/logs/recent"): VIEWER,
    ("GET", f"{CONSOLE}/schedule/preview"): VIEWER,
    ("GET", f"{CONSOLE}/executions/{{}}"): VIEWER,
    ("POST", f"{CONSOLE}/executions/{{}}/cancel"): OPERATOR,
    ("POST", f"{CONSOLE}/executions/{{}}/retry"): OPERATOR,
    ("GET", f"{CONSOLE}/timeline"): VIEWER,
    ("GET", f"{CONSOLE}/replicas"): VIEWER,
    ("GET", f"{CONSOLE}/doctor"): VIEWER,
    ("GET", f"{CONSOLE}/handlers"): VIEWER,
    ("GET", f"{CONSOLE}/changes"): VIEWER,
    ("GET", f"{CONSOLE}/events"): VIEWER,
    ("GET", f"{CONSOLE}/pause"): VIEWER,
    ("POST", f"{CONSOLE}/pause"): OPERATOR,
    ("POST", f"{CONSOLE}/resume"): OPERATOR,
}
DECIDED_BY_FIELDS = {("PATCH", f"{CONSOLE}/jobs/{{}}")}
VARYING = re.compile(r"\{[^}]*\}")


def key_of(method: str, path_template: str) -> tuple[str, str]:
    """Return where the table has a route such as ("GET", "/v1/console/jobs/{jobId}")."""
    return ("GET" if method == "HEAD" else method, VARYING.sub("{}", path_template))


def needed_role(request: web.Request) -> Role | None:
    """Return the least role of the route that a request goes to; None: anybody may call it."""
    resource = request.match_info.route.resource
    if resource is None:  # no such route: who has no business under /v1/ does not learn what is there
        return VIEWER if request.path.startswith(API) else ANYBODY
    return NEEDED.get(key_of(request.method, resource.canonical), ADMIN)


def undeclared_routes(application: web.Application) -> list[tuple[str, str]]:
    """Return the routes of an application that the table does not have."""
    keys = [
        key_of(route.method, route.resource.canonical)
        for route in application.router.routes()
        if route.resource is not None
    ]
    return sorted({key for key in keys if key not in NEEDED})


def authorisation(authentication: Authentication) -> Middleware:
    """Return the middleware that lets only those through who may call.

    Refuses a change for another site (403), a call without a valid token (401), and one with too low a role
    (403).
    """

    @web.middleware
    async def authorise(request: web.Request, handler: Handler) -> web.StreamResponse:
        refuse_other_sites(request)
        needed = needed_role(request)
        if needed is None:
            return await handler(request)
        caller = request[CALLER] = await authentication.caller_of(request)
        require(caller.role, needed)
        resource = request.match_info.route.resource
        if resource is not None and key_of(request.method, resource.canonical) in DECIDED_BY_FIELDS:
            require(caller.role, role_for_patch(await fields_of(request)))
        return await handler(request)

    return authorise


def require(role: Role, needed: Role) -> None:
    """Refuse who has too low a role.

    Raises:
        web.HTTPForbidden: naming the role that is needed.
    """
    if not role.covers(needed):
        raise web.HTTPForbidden(text=f"this needs the role {needed}; yours is {role}")


async def fields_of(request: web.Request) -> list[str]:
    """Return the names of the fields in the JSON object of the body.

    Raises:
        InvalidInput: it is no JSON object.
    """
    try:
        return list(msgspec.json.decode(await read_body(request), type=dict[str, msgspec.Raw]))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise InvalidInput("body", f"the body cannot be read: {fault}", "a JSON object") from fault
