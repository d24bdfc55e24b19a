"""Azure on loopback: the Functions host and the services it talks to; never deployed."""
