"""Small groups in a mesh: who is a member, and the keys with which members write to all."""
