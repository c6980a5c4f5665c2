"""Lists, tables and the delegates that paint their rows."""
