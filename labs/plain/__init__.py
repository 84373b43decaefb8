"""Two or more real hosts made of namespaces, each with its own Open vSwitch, and what Calipso should see of them."""
