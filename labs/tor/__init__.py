"""Two hosts cabled to a switch made of namespaces that all speak LLDP, and what Calipso should see of them."""
