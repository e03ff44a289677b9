"""The preference page: what a visitor chose, to see and to change, without JavaScript."""
