"""Small networks of our own, in plain torch. They know nothing of data, training or files."""
