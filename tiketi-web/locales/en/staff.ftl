# The organiser's pages.
