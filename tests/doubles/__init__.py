"""Stand-ins for the outside world, on the loopback interface."""
