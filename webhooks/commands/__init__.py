"""What `firstring` can do, one subject a file; `webhooks/cli.py` wires them into one command."""
