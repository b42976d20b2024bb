"""Client of an engine's `/stream`: address, connection, newest document, actions. No numpy."""
