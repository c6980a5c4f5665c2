"""What telling who a face is rests on: indexes, templates, models, all kept up with the store."""
