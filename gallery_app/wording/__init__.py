"""The sentences that the window and the command line share."""
