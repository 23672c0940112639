"""From what a person asks for to the ordered resources and checks of one machine."""
