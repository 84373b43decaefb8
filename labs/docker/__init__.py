"""Two hosts made of namespaces, each with a real Docker engine, and a swarm between them."""
