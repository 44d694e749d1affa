"""Python without the workflow: tensors in, one value per image out. Its names are those of ``distillab`` itself."""
