"""How the two music models are made: gather tunes, train a transformer and an LSTM, evaluate."""
