"""The media process's parts: who may come in, what is known of the call, its hands, and how it is written down."""
