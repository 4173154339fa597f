"""What is between two people, held still for a write that relies on it.

Call them inside the transaction of that write: a tie then ends, and a block begins, wholly before or wholly
after it.
"""

from __future__ import annotations

from typing import Any

from connections import pairs, selectors
from realtime import locks


def tie_held(*, user_id: Any, other_id: Any) -> bool:
    """Whether the two are connected, and stay so until the transaction ends."""
    return locks.share(selectors.tie_of(one=user_id, other=other_id)) is not None


def hidden_held(*, user_id: Any, other_id: Any) -> bool:
    """Whether either blocked the other; that neither did holds until the transaction ends."""
    pairs.share(user_id, other_id)
    return selectors.is_hidden(user_id=user_id, other_id=other_id)
