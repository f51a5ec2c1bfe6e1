"""How a cell spreads over the links of a mesh, once to each member."""
