"""Distillation as a defense: chains from a teacher over assistants to students."""
