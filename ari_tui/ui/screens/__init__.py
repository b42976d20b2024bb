"""Whole screens and dialogs, made of widgets."""
