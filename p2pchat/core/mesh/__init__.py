"""One mesh put together from its machines, and how a node joins, follows and leaves meshes."""
