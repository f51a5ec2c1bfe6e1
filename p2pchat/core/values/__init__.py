"""What goes into the core, comes out of it, and is kept: values, which everything in the core shares."""
