"""Every parser of the wire, ready to be fed anything."""
