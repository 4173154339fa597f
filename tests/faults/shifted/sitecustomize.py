"""A process whose wall clock is wrong by ``CLOCK_SHIFT_S`` seconds: it has this folder in its PYTHONPATH.

Clocks that only measure (`time.monotonic`, uvloop's) stay right, as on a machine whose date is wrong.
"""

from __future__ import annotations

import os
import time

import time_machine

time_machine.travel(time.time() + float(os.environ["CLOCK_SHIFT_S"]), tick=True).start()
