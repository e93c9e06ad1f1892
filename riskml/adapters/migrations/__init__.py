"""One numbered step per change of the tables. A released step is never edited: add the next one."""
