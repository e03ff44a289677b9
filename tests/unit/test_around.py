"""The theme of a site as CSS declarations: readable, and nothing else gets in."""

import pytest

from consent_service.notices.around import style

DEFAULT = "--cm-accent:#1f4fd8"


@pytest.mark.parametrize(
    ("theme", "declared"),
    [
        ({}, DEFAULT),
        (
            {"accent": "#1f6f54", "on_accent": "#ffffff", "radius": "10px"},
            "--cm-accent:#1f6f54",
        ),
        ({"accent": "#1f6f54"}, "--cm-accent:#1f6f54"),
        ({"accent": "#ffcc00"}, "--cm-accent:#ffcc00;--cm-on-accent:#000"),
        ({"accent": "#fc0", "on_accent": "#fff"}, "--cm-accent:#fc0;--cm-on-accent:#000"),
        ({"accent": "#000", "on_accent": "#333"}, "--cm-accent:#000"),
        ({"accent": "#1f6f54", "on_accent": "#eef"}, "--cm-accent:#1f6f54;--cm-on-accent:#eef"),
        # 4.54:1 and 4.48:1 on white.
        ({"accent": "#767676", "on_accent": "#fff"}, "--cm-accent:#767676"),
        ({"accent": "#777777", "on_accent": "#fff"}, "--cm-accent:#777777;--cm-on-accent:#000"),
        # Ink alone says nothing of what it is written on.
        ({"on_accent": "#ffffff"}, DEFAULT),
        ({"radius": "0.5rem"}, f"{DEFAULT};--cm-radius:0.5rem"),
        # What shows through has no contrast of its own.
        ({"accent": "#1f6f5480"}, DEFAULT),
        ({"accent": "#1f6f54", "on_accent": "#fff8"}, "--cm-accent:#1f6f54"),
        ({"accent": "red;}body{display:none"}, DEFAULT),
        ({"radius": "10px;color:red"}, DEFAULT),
        ({"radius": "10px\n"}, DEFAULT),
        ({"unknown": "#fff"}, DEFAULT),
    ],
)
def test_a_theme_is_declared(theme: dict[str, str], declared: str) -> None:
    assert style(theme) == declared
