"""Settings of the demo project, from the environment and from `.env` (real variables win).

Kith's own settings (PROTOCOL §7) are read from the environment by `realtime.conf`; here are only
Django's and those that other packages need too.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from project.welcome import welcome
from realtime.redis_servers import layer_hosts

BASE_DIR = Path(__file__).resolve().parent.parent

environ.Env.read_env(BASE_DIR / ".env")
env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)

SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. For development, `make run` writes one into .env; "
        "elsewhere set the environment variable SECRET_KEY to a long random text."
    )
KITH_PREVIOUS_KEYS = env.list("KITH_PREVIOUS_KEYS", default=[])  # verify, never sign
SECRET_KEY_FALLBACKS = KITH_PREVIOUS_KEYS

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
KITH_ALLOWED_ORIGINS = env.list("KITH_ALLOWED_ORIGINS", default=[])
CORS_ALLOWED_ORIGINS = KITH_ALLOWED_ORIGINS
CORS_URLS_REGEX = r"^/(api|upload)/"

INSTALLED_APPS = [
    *(["daphne"] if DEBUG else []),  # WebSockets in `runserver`; elsewhere Twisted is dead weight
    "unfold",  # before the admin, whose looks it is
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "realtime",
    "accounts",
    "uploads",
    "connections",
    "notifications",
    "presence",
    "chat",
    "feed",
    "project",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "project.static.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

KITH_WELCOME = welcome  # what `manage.py serve` prints

ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "project" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def database() -> dict[str, Any]:
    """The default database: `DATABASE_URL`, or a SQLite file in the project's folder.

    CONN_MAX_AGE stays 0: under ASGI every request has a thread of its own, and a connection kept
    for later is used by nobody (measured: 35 idle PostgreSQL connections after 300 requests). On
    PostgreSQL closing gives the connection back to the pool; opening a SQLite file takes 0.1 ms.
    """
    config: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}
    if env.str("DATABASE_URL", default=""):
        config = env.db_url("DATABASE_URL")
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"].endswith("sqlite3"):
        options |= {
            "transaction_mode": "IMMEDIATE",  # one that reads first and writes later fails at once
            "timeout": 20,  # seconds that a writer waits for its turn
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        }
    elif config["ENGINE"].endswith("postgresql"):
        config["CONN_HEALTH_CHECKS"] = True  # the pool then tests a connection before it lends it
        size = env.int("DATABASE_POOL_SIZE", default=20)  # of one process; the core holds up to twelve
        # While the database is away the pool doubles its pauses (1, 2, 4 … s) for as long as it is told to,
        # and may sleep when the database comes back. So it gives up soon; whoever asks next begins anew.
        options["pool"] = {"min_size": 0, "max_size": size, "timeout": 4, "reconnect_timeout": 1}
        # A server that is gone without a word is noticed: while connecting, and in the middle of a statement.
        options.setdefault("connect_timeout", 3)
        options.setdefault("keepalives_idle", 10)
        options.setdefault("keepalives_interval", 5)
        options.setdefault("keepalives_count", 3)
        options.setdefault("tcp_user_timeout", 20_000)  # ms
    return config


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="") or env.str("REDISCLOUD_URL", default="")
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": (
        {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": layer_hosts(REDIS_URL), "prefix": "kith"},
        }
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "realtime.auth.JWTAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["realtime.api.CommandThrottle"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "realtime.api.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=env.int("KITH_ACCESS_MINUTES", default=30)),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ALGORITHM": "HS256",
    "SIGNING_KEY": SECRET_KEY,
    "CHECK_REVOKE_TOKEN": True,  # a changed password ends the tokens given before
    "UPDATE_LAST_LOGIN": False,  # a write for each token, and nothing here reads it
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Kith",
    "DESCRIPTION": "Accounts, chat, connections, feed, notifications, presence and uploads of a Kith site. "
    "The WebSocket side is described in docs/.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {  # several have a field `kind`
        "ChatKindEnum": "chat.models.Chat.Kind",
        "ReactionKindEnum": "feed.models.Reaction.Kind",
    },
    "COMPONENT_SPLIT_REQUEST": True,  # without it an uploaded file is described as a string
    "SWAGGER_UI_DIST": "SIDECAR",  # assets from this server, not from a CDN
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

UNFOLD = {
    "SITE_TITLE": "Kith",
    "SITE_HEADER": "Kith",
    "SITE_SYMBOL": "forum",
    "SIDEBAR": {"show_search": True, "show_all_applications": True},
    "DASHBOARD_CALLBACK": "project.dashboard.dashboard",
}

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WEB_DIST = BASE_DIR / "web" / "dist"  # where `make web` puts the page
STATICFILES_DIRS = [("web", WEB_DIST / "web")]
SILENCED_SYSTEM_CHECKS = ["staticfiles.W004"]  # the page is built when somebody wants it
# Without collectstatic the files are served from where they are.
WHITENOISE_USE_FINDERS = DEBUG or not STATIC_ROOT.is_dir()
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/web/.+-[\w-]{8}\.\w+$"  # names by content, as Vite gives them
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / "media"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

# One handler at the root: whatever any package logs passes the formatter that takes tokens out.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "redacted": {
            "()": "project.logging.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "redacted"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING").upper()},
    "loggers": {
        # Django's defaults give these handlers of their own.
        "django": {"handlers": [], "level": "NOTSET", "propagate": True},
        "django.server": {"handlers": [], "level": "NOTSET", "propagate": True},
    },
}
