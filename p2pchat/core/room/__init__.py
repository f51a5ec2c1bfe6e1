"""Small groups in a mesh: its members, and the keys with which they write to all."""
