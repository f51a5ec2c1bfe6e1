"""Which links a node of a mesh seeks, accepts and gives up."""
