"""distillab: distillation as a defense, as a theft, and as a thing to defend against."""

__version__ = "0.1.0"
