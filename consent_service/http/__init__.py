"""HTTP: the application's frame, and helpers that features' interfaces stand on."""
