"""The running node: where the pure core meets clock, entropy, disk and sockets."""
