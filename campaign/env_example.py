"""Writes `.env.example` from the settings class: `python -m campaign.env_example > .env.example`."""

from campaign.settings import Settings


def text() -> str:
    """Every setting with its meaning; defaults are commented out, so a copy changes nothing until edited."""
    lines = ["# Firstring's configuration. Copy to .env and fill in what you use; commented values are the defaults."]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else field.default
        lines += ["", f"# {field.description}", f"# {name.upper()}={default}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(text(), end="")
