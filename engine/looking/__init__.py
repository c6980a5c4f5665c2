"""What a gallery shows of itself: people, likeness, maps, what looks wrong, and exports of it."""
