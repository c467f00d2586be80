"""What the daemon shows and takes: the control API on a unix socket, metrics and health on loopback."""
