"""What drf-spectacular cannot find out for itself. Importing this module registers it."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object


class BearerToken(OpenApiAuthenticationExtension):
    """How Kith's access tokens are described: `Authorization: Bearer <jwt>`."""

    target_class = "realtime.auth.JWTAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return build_bearer_security_scheme_object("Authorization", "Bearer", "JWT")
