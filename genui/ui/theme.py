"""The face of genui as a Gradio theme: paper, ink, one accent. assets/genui.css does the rest."""

from __future__ import annotations

import gradio as gr
from gradio.themes.utils import colors, fonts, sizes

PERSIMMON = colors.Color(
    c50="#fff4ef", c100="#ffe4d8", c200="#ffc6b0", c300="#ffa17f", c400="#ff7a52", c500="#e4572e",
    c600="#cf4520", c700="#ab3618", c800="#872b15", c900="#6b2413", c950="#3a1109",
    name="persimmon",
)  # fmt: skip
STONE = colors.Color(
    c50="#fbfaf8", c100="#f4f3ef", c200="#e7e5df", c300="#d3d0c8", c400="#a3a09a", c500="#77746f",
    c600="#57555a", c700="#3a393f", c800="#222227", c900="#1a1a1e", c950="#131316", name="stone",
)  # fmt: skip


class Face(gr.themes.Base):
    """Light and dark from the same two ramps; all fonts come with genui."""

    def __init__(self) -> None:
        sans = ("Inter", "ui-sans-serif", "system-ui", "sans-serif")
        mono = ("JetBrains Mono", "ui-monospace", "monospace")
        super().__init__(
            primary_hue=PERSIMMON,
            secondary_hue=STONE,
            neutral_hue=STONE,
            radius_size=sizes.radius_md,
            text_size=sizes.text_md,
            spacing_size=sizes.spacing_md,
            font=[fonts.Font(name) for name in sans],
            font_mono=[fonts.Font(name) for name in mono],
        )
        self.set(
            body_background_fill="*neutral_50",
            body_background_fill_dark="*neutral_950",
            body_text_color="*neutral_900",
            body_text_color_dark="*neutral_100",
            body_text_color_subdued="#6b6862",
            body_text_color_subdued_dark="#a09d98",
            background_fill_primary="white",
            background_fill_primary_dark="*neutral_900",
            background_fill_secondary="*neutral_50",
            background_fill_secondary_dark="*neutral_950",
            border_color_primary="*neutral_200",
            border_color_primary_dark="#2c2c33",
            color_accent_soft="*primary_50",
            color_accent_soft_dark="#3a1f16",
            block_background_fill="transparent",
            block_background_fill_dark="transparent",
            block_border_width="0px",
            block_shadow="none",
            block_padding="0",
            block_label_background_fill="transparent",
            block_label_background_fill_dark="transparent",
            block_label_text_color="*body_text_color_subdued",
            block_title_text_color="*body_text_color",
            block_title_text_weight="550",
            block_title_text_size="13px",
            block_info_text_size="12px",
            input_background_fill="white",
            input_background_fill_dark="*neutral_900",
            input_border_color="*neutral_200",
            input_border_color_dark="#33333b",
            input_border_color_focus="*primary_500",
            input_border_color_focus_dark="*primary_400",
            input_shadow="none",
            input_shadow_focus="0 0 0 3px rgba(228, 87, 46, 0.16)",
            input_radius="10px",
            slider_color="*primary_600",
            slider_color_dark="*primary_400",
            button_large_radius="10px",
            button_small_radius="8px",
            button_large_text_weight="600",
            button_primary_background_fill="*primary_600",
            button_primary_background_fill_hover="*primary_700",
            button_primary_background_fill_dark="*primary_600",
            button_primary_background_fill_hover_dark="*primary_500",
            button_primary_text_color="white",
            button_primary_border_color="transparent",
            button_secondary_background_fill="white",
            button_secondary_background_fill_hover="*neutral_100",
            button_secondary_background_fill_dark="*neutral_800",
            button_secondary_background_fill_hover_dark="*neutral_700",
            button_secondary_border_color="*neutral_200",
            button_secondary_border_color_dark="#33333b",
            button_transition="background-color .12s ease, border-color .12s ease",
            checkbox_background_color_selected="*primary_600",
            checkbox_border_color_selected="*primary_600",
        )
