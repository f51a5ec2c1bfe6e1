"""One link to a neighbour: its handshake, its sealed frames, and the queue in which they wait."""
