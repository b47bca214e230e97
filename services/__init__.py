"""One package a service; they meet on the broker only and never import each other."""
