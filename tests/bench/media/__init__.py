"""The media process under load: callers, a model and a floor to compare with, each a process of its own."""
