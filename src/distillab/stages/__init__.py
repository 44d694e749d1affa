"""One module per stage of the workflow: artifacts in, artifacts out."""
