"""What a rough network and odd services do: orders of it, and how they are carried out on a connection."""
