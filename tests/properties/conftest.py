"""Lets the checks of the helpers beside the tests say what differs."""

import pytest

pytest.register_assert_rewrite("tests.properties.visiting", "tests.properties.edited_site")
