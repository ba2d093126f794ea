"""Text from values: status pages and reports. Nothing here reads or writes."""
