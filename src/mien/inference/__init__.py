"""From pixels to expressions: exported networks, photos, and long jobs; nothing here needs torch."""
