"""The panels of the window. They show state and call operations; they hold no engine logic."""
