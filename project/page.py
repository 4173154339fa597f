"""The demo page at `/`: what Vite made of `web/`, or how to make it.

Vite names its files by their content and writes them below `web/dist/web/`, which Django serves at
`/static/web/`; only `web/dist/index.html`, which names them, is served from here.
"""

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from project.welcome import DEMO_PASSWORD, demo_usernames

_MISSING = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Kith</title>
<main>
<h1>Kith runs, but its page has not been built</h1>
<p>Type <code>make web</code> in the project's folder, and load this page again.
It needs Node.js 20.19 or newer with npm; where there is none it takes one from PyPI.</p>
<p>Meanwhile: the <a href="/api/docs/">API</a> and the <a href="/admin/">admin</a>.</p>
</main>
</html>
"""


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The page; 503 and how to build it where it was not built."""
    try:
        html = Path(settings.WEB_DIST, "index.html").read_text(encoding="utf-8")  # type: ignore[misc]  # ours
    except FileNotFoundError:
        response = HttpResponse(_MISSING, status=503)
    else:
        response = HttpResponse(html.replace("</head>", f"{_demo_accounts()}</head>", 1))
    response["Content-Security-Policy"] = _policy(request.get_host())
    response["Cache-Control"] = "no-cache"  # it names the files of the newest build
    return response


def _policy(host: str) -> str:
    """Only what came with the page runs, and it talks only to this server: markup that got in by a mistake
    of ours could do nothing."""
    allowed = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "font-src": "'self'",
        "img-src": "'self' blob:",  # uploads, which are fetched with a token
        "media-src": "blob:",
        "connect-src": f"'self' ws://{host} wss://{host}",  # not every browser counts sockets to 'self'
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return "; ".join(f"{name} {value}" for name, value in allowed.items())


def _demo_accounts() -> str:
    """Whom a visitor may sign in as, where everybody may know."""
    usernames = demo_usernames()
    if not usernames:
        return ""
    tag = '<meta name="kith-demo-accounts" content="{}" data-password="{}">'
    return format_html(tag, " ".join(usernames), DEMO_PASSWORD)
