"""The shop: its sources, tables, features and models. Declarations only; the engine runs them."""
