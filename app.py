"""The door: read the settings, wire the objects, launch."""

from __future__ import annotations

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from genui.settings import Settings
from genui.start import from_command_line
from genui.studio import Studio
from genui.ui.app import build_app, launch

settings = from_command_line() if __name__ == "__main__" else Settings()
studio = Studio(settings)
demo = build_app(studio)

if __name__ == "__main__":
    if settings.warm:
        studio.warm()
    launch(demo, studio, settings)
