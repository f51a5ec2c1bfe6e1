"""What is kept of a mesh, and how two neighbours find and fill what one of them missed."""
