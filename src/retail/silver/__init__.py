"""Typed, conformed, deduplicated and checked."""
