"""The adversary's bench: how often those who collude can name the writer of a cell.

Knows: graphs, delays and stems, as the adversary does. Does not know: keys, frames, or the nodes that ship;
of these it uses only the rule by which stems are drawn and the profiles' values, and, where colluders seek
links, whole nodes that form the graph (``formed``).
"""
