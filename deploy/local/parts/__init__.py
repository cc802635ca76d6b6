# The parts of the local cluster: one file an engine, and what they share.
