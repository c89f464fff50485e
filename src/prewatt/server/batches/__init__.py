"""One act over many flats: people see what will happen to each, or why it can't, and then it is done once to each."""
