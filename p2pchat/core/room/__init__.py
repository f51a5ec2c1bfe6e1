"""Small groups in a mesh: who is a member."""
