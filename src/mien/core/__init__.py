"""Values that every other layer passes around: numpy and the standard library only."""
