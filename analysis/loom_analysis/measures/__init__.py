"""measures - how much the scores of an attack say, and how sure that is: networks are the unit, never flows."""
