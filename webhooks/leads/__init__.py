"""The leads door: a signed form submission becomes a lead, a consent and a decision, in one transaction."""
