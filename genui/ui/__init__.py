"""The page: a thin layer of Gradio over the studio. The only place that knows gradio."""
