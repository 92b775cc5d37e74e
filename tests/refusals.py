"""How configurations are refused."""

from typing import Any

import pytest

from pipeline.config.session import SessionConfig
from pipeline.errors import ConfigError


def refusal(source: Any, *overrides: Any) -> str:
    """Give the message with which loading is refused: always one line."""
    with pytest.raises(ConfigError) as caught:
        SessionConfig.load(source, overrides)
    message = str(caught.value)
    assert message.splitlines() == [message]
    return message
