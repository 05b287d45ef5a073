"""How the embedded models were made: data, training, evaluation, one command each
(`python -m genui.training COMMAND`). Stands beside the studio: nothing in the app imports it."""
