"""The hosted demo form: plain HTML that goes through the same signed door as every other sender."""
