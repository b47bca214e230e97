"""One virtual house, seen through the real protocols. It knows no service; services meet it at the wire."""
