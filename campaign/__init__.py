"""The ground floor: what every other part speaks about. It imports nothing of ours from above it."""
