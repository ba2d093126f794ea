"""The disk: everything is opened component by component inside the project root."""
