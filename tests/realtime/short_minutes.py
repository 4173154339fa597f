"""The settings of the tests with a minute of two seconds: what a rate refuses now it allows soon."""

from __future__ import annotations

import importlib

from limits.limits import Granularity, RateLimitItemPerMinute

MINUTE_S = 2

settings = importlib.import_module("tests.settings")
globals().update({name: value for name, value in vars(settings).items() if name.isupper()})

RateLimitItemPerMinute.GRANULARITY = Granularity(MINUTE_S, "minute")
