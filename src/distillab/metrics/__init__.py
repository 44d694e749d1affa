"""Arrays in, records out: accuracies, intervals, distances, concentration, verdicts. No torch, no pandas."""
