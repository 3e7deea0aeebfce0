"""Settings of nbgrader, for its own commands run from this folder."""
