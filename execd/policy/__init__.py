"""From an intent and the market to a plan, with reasons. Pure, like all that decides."""
