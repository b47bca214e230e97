"""One virtual house, seen through the real protocols. It knows no service; services talk to it over the network."""
