"""The project new_project. Declarations only; the engine runs them."""
