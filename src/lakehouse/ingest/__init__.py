"""From sources to streams: landed files, and those among them that do not fit."""
