"""One small function for each thing a person does: it starts the work and says who is told."""
