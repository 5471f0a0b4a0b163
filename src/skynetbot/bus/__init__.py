"""Messages between the parts of the bot, in one process (`local`) or in many (`relay`), behind one `contract`."""
