"""The nouns of the field: frozen, slotted dataclasses and StrEnums. Standard library only."""
