"""The laws of rights once more, on sockets that fall behind with every event, also with the very one that
takes or gives the right."""

from __future__ import annotations

import pytest

from tests.realtime.test_gained_rights import (
    test_a_gained_chat_starts_on_an_open_socket_within_a_second as test_a_gained_chat_starts,
)
from tests.realtime.test_gained_rights import (
    test_one_socket_of_many_channels_gains_a_chat_too as test_one_socket_of_many_channels_gains_a_chat,
)
from tests.realtime.test_rights import (
    test_a_removed_member_may_come_back_and_hears_what_follows as test_a_removed_member_may_come_back,
)
from tests.realtime.test_rights import (
    test_who_loses_a_chat_is_told_within_a_second_and_hears_no_more as test_who_loses_a_chat_hears_no_more,
)

__all__ = [
    "test_a_gained_chat_starts",
    "test_a_removed_member_may_come_back",
    "test_one_socket_of_many_channels_gains_a_chat",
    "test_who_loses_a_chat_hears_no_more",
]


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_SOCKET_BACKLOG_BYTES": "1"}
