"""The theme of a site as CSS declarations: readable, and nothing else gets in."""

import pytest

from consent_service.notices.around import style


@pytest.mark.parametrize(
    ("theme", "declared"),
    [
        ({}, ""),
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
        ({"on_accent": "#ffffff"}, ""),
        ({"radius": "0.5rem"}, "--cm-radius:0.5rem"),
        # What shows through has no contrast of its own.
        ({"accent": "#1f6f5480"}, ""),
        ({"accent": "#1f6f54", "on_accent": "#fff8"}, "--cm-accent:#1f6f54"),
        ({"accent": "red;}body{display:none"}, ""),
        ({"radius": "10px;color:red"}, ""),
        ({"radius": "10px\n"}, ""),
        ({"unknown": "#fff"}, ""),
    ],
)
def test_a_theme_is_declared(theme: dict[str, str], declared: str) -> None:
    assert style(theme) == declared
