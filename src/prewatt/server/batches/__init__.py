"""One act over many flats: what will happen to each, and why it can't to some; then it is done once to each."""
