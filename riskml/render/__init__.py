"""From records to text: one target a file. Renders, and applies nothing."""
