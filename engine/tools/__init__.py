"""What several parts of the engine need and that knows nothing of galleries."""
