"""How the world reaches the gateway, and the calls it translates requests to."""
