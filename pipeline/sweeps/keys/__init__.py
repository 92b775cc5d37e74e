"""Resume keys: hashes of the data, code and settings that the result of a lane depends on."""
