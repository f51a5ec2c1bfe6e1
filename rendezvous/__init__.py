"""The rendezvous: a server at which members of a mesh, or the two sides of an invite, find each other.

Knows: nothing by itself; see ``broker`` for the rules of meeting and ``server`` for the sockets. Does not
know: meshes, people, keys. It stores nothing and logs nothing.
"""
