"""A real OpenStack on one machine: three hosts made of namespaces, and what Calipso should see of them."""
