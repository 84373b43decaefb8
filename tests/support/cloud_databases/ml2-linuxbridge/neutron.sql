-- Neutron 2024.1 (ML2/linuxbridge): columns and rows of a real cloud; the table of routers was not recorded and is empty.
CREATE TABLE `agents` (
  `id` varchar(36) NOT NULL,
  `agent_type` varchar(255) NOT NULL,
  `binary` varchar(255) NOT NULL,
  `topic` varchar(255) NOT NULL,
  `host` varchar(255) NOT NULL,
  `admin_state_up` tinyint(1) NOT NULL DEFAULT 1,
  `created_at` datetime NOT NULL,
  `started_at` datetime NOT NULL,
  `heartbeat_timestamp` datetime NOT NULL,
  `description` varchar(255) DEFAULT NULL,
  `configurations` varchar(4095) NOT NULL,
  `load` int(11) NOT NULL DEFAULT 0,
  `availability_zone` varchar(255) DEFAULT NULL,
  `resource_versions` varchar(8191) DEFAULT NULL,
  `resources_synced` tinyint(1) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uniq_agents0agent_type0host` (`agent_type`,`host`),
  KEY `ix_agents_host` (`host`)
);
INSERT INTO `agents` (`id`, `agent_type`, `binary`, `topic`, `host`, `admin_state_up`, `created_at`, `started_at`, `heartbeat_timestamp`, `description`, `configurations`, `load`, `availability_zone`, `resource_versions`, `resources_synced`) VALUES
('01d6cdd0-e8b9-4425-8fb1-255b86dcb8d1', 'Linux bridge agent', 'neutron-linuxbridge-agent', 'N/A', 'cmp1', '1', '2026-11-21 00:48:47', '2026-11-21 00:48:57', '2026-11-21 00:49:47', NULL, '{"bridge_mappings": {}, "devices": 1, "extensions": [], "interface_mappings": {"physnet1": "eth2"}, "l2_population": true, "tunnel_types": ["vxlan"], "tunneling_ip": "10.77.1.21"}', '0', NULL, '{"AddressGroup": "1.2", "Agent": "1.1", "ConntrackHelper": "1.0", "LocalIPAssociation": "1.0", "Log": "1.0", "NDPProxy": "1.0", "Network": "1.1", "Port": "1.9", "PortForwarding": "1.3", "QosPolicy": "1.10", "SecurityGroup": "1.6", "SecurityGroupRule": "1.3", "SubPort": "1.0", "Subnet": "1.1", "Trunk": "1.1"}', NULL),
('7b6879c3-2e3a-402d-8fd2-06d81c8f7093', 'Linux bridge agent', 'neutron-linuxbridge-agent', 'N/A', 'cmp2', '1', '2026-11-21 00:48:48', '2026-11-21 00:48:57', '2026-11-21 00:49:37', NULL, '{"bridge_mappings": {}, "devices": 0, "extensions": [], "interface_mappings": {"physnet1": "eth2"}, "l2_population": true, "tunnel_types": ["vxlan"], "tunneling_ip": "10.77.1.22"}', '0', NULL, '{"AddressGroup": "1.2", "Agent": "1.1", "ConntrackHelper": "1.0", "LocalIPAssociation": "1.0", "Log": "1.0", "NDPProxy": "1.0", "Network": "1.1", "Port": "1.9", "PortForwarding": "1.3", "QosPolicy": "1.10", "SecurityGroup": "1.6", "SecurityGroupRule": "1.3", "SubPort": "1.0", "Subnet": "1.1", "Trunk": "1.1"}', NULL),
('d23ff82c-34a8-4432-ae19-4a78487bc3ba', 'L3 agent', 'neutron-l3-agent', 'l3_agent', 'ctl', '1', '2026-11-21 00:48:41', '2026-11-21 00:48:41', '2026-11-21 00:49:41', NULL, '{"agent_mode": "legacy", "ex_gw_ports": 2, "extensions": [], "floating_ips": 0, "handle_internal_only_routers": true, "interface_driver": "linuxbridge", "interfaces": 2, "log_agent_heartbeats": false, "routers": 2}', '0', 'nova', NULL, NULL),
('f7b58951-e03e-4c44-970c-882ef28867b3', 'Linux bridge agent', 'neutron-linuxbridge-agent', 'N/A', 'ctl', '1', '2026-11-21 00:48:47', '2026-11-21 00:48:57', '2026-11-21 00:49:47', NULL, '{"bridge_mappings": {}, "devices": 7, "extensions": [], "interface_mappings": {"physnet1": "eth2"}, "l2_population": true, "tunnel_types": ["vxlan"], "tunneling_ip": "10.77.1.11"}', '0', NULL, '{"AddressGroup": "1.2", "Agent": "1.1", "ConntrackHelper": "1.0", "LocalIPAssociation": "1.0", "Log": "1.0", "NDPProxy": "1.0", "Network": "1.1", "Port": "1.9", "PortForwarding": "1.3", "QosPolicy": "1.10", "SecurityGroup": "1.6", "SecurityGroupRule": "1.3", "SubPort": "1.0", "Subnet": "1.1", "Trunk": "1.1"}', NULL),
('fed9ac2d-a432-415d-937e-4ea686784611', 'DHCP agent', 'neutron-dhcp-agent', 'dhcp_agent', 'ctl', '1', '2026-11-21 00:48:40', '2026-11-21 00:48:40', '2026-11-21 00:49:40', NULL, '{"dhcp_driver": "neutron.agent.linux.dhcp.Dnsmasq", "dhcp_lease_duration": 86400, "log_agent_heartbeats": false, "networks": 3, "ports": 6, "subnets": 3}', '3', 'nova', NULL, NULL);
CREATE TABLE `ml2_vxlan_endpoints` (
  `ip_address` varchar(64) NOT NULL,
  `udp_port` int(11) NOT NULL,
  `host` varchar(255) DEFAULT NULL,
  PRIMARY KEY (`ip_address`),
  UNIQUE KEY `unique_ml2_vxlan_endpoints0host` (`host`)
);
CREATE TABLE `networks` (
  `project_id` varchar(255) DEFAULT NULL,
  `id` varchar(36) NOT NULL,
  `name` varchar(255) DEFAULT NULL,
  `status` varchar(16) DEFAULT NULL,
  `admin_state_up` tinyint(1) DEFAULT NULL,
  `mtu` int(11) NOT NULL DEFAULT 1500,
  `vlan_transparent` tinyint(1) DEFAULT NULL,
  `standard_attr_id` bigint(20) NOT NULL,
  `availability_zone_hints` varchar(255) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uniq_networks0standard_attr_id` (`standard_attr_id`),
  KEY `ix_networks_project_id` (`project_id`)
);
INSERT INTO `networks` (`project_id`, `id`, `name`, `status`, `admin_state_up`, `vlan_transparent`, `standard_attr_id`, `availability_zone_hints`, `mtu`) VALUES
('8352c7f8505b414dac673a5e2b868499', '2885d28f-83a0-43a9-8aad-870572510f7f', 'vlan-101', 'ACTIVE', '1', NULL, '13', NULL, '1500'),
('2dc1db3be0134f38b562da77bf79d38a', '3c7fe05d-2999-4563-bc42-cb0461d1ee03', 'net-blue', 'ACTIVE', '1', NULL, '39', NULL, '1450'),
('a5999805172b4ae8b2325b3ce18f5676', 'a56ee44d-505b-4495-b04d-77a28f9a080a', 'net-red', 'ACTIVE', '1', NULL, '22', NULL, '1450'),
('8352c7f8505b414dac673a5e2b868499', 'b7ce0203-cc8f-4369-ad4a-a0d471cc3859', 'ext-net', 'ACTIVE', '1', NULL, '10', NULL, '1500');
CREATE TABLE `networksegments` (
  `id` varchar(36) NOT NULL,
  `network_id` varchar(36) NOT NULL,
  `network_type` varchar(32) NOT NULL,
  `physical_network` varchar(64) DEFAULT NULL,
  `segmentation_id` int(11) DEFAULT NULL,
  `is_dynamic` tinyint(1) NOT NULL DEFAULT 0,
  `segment_index` int(11) NOT NULL DEFAULT 0,
  `standard_attr_id` bigint(20) NOT NULL,
  `name` varchar(255) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uniq_networksegments0standard_attr_id` (`standard_attr_id`),
  UNIQUE KEY `uniq_networksegment0network_id0network_type0physnet0sidx` (`network_id`,`network_type`,`physical_network`,`segment_index`)
);
INSERT INTO `networksegments` (`id`, `network_id`, `network_type`, `physical_network`, `segmentation_id`, `is_dynamic`, `segment_index`, `standard_attr_id`, `name`) VALUES
('372b12f9-4695-4433-b5cc-3c028b32850e', '2885d28f-83a0-43a9-8aad-870572510f7f', 'vlan', 'physnet1', '101', '0', '0', '14', NULL),
('4fccd5a6-e4d4-47ed-b799-fb6f1ce483d6', 'b7ce0203-cc8f-4369-ad4a-a0d471cc3859', 'flat', 'physnet1', NULL, '0', '0', '11', NULL),
('a542c344-b5d6-459a-8edd-a8b528155c65', 'a56ee44d-505b-4495-b04d-77a28f9a080a', 'vxlan', NULL, '1275', '0', '0', '23', NULL),
('ba10a0a5-d86e-49e4-ada6-c85233f5b3c5', '3c7fe05d-2999-4563-bc42-cb0461d1ee03', 'vxlan', NULL, '1272', '0', '0', '40', NULL);
CREATE TABLE `ports` (
  `project_id` varchar(255) DEFAULT NULL,
  `id` varchar(36) NOT NULL,
  `name` varchar(255) DEFAULT NULL,
  `network_id` varchar(36) NOT NULL,
  `mac_address` varchar(32) NOT NULL,
  `admin_state_up` tinyint(1) NOT NULL,
  `status` varchar(16) NOT NULL,
  `device_id` varchar(255) NOT NULL,
  `device_owner` varchar(255) NOT NULL,
  `standard_attr_id` bigint(20) NOT NULL,
  `ip_allocation` varchar(16) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uniq_ports0network_id0mac_address` (`network_id`,`mac_address`),
  UNIQUE KEY `uniq_ports0standard_attr_id` (`standard_attr_id`),
  UNIQUE KEY `uniq_ports0id0network_id` (`id`,`network_id`),
  KEY `ix_ports_network_id_device_owner` (`network_id`,`device_owner`),
  KEY `ix_ports_device_id` (`device_id`),
  KEY `ix_ports_project_id` (`project_id`),
  KEY `ix_ports_network_id` (`network_id`)
);
INSERT INTO `ports` (`project_id`, `id`, `name`, `network_id`, `mac_address`, `admin_state_up`, `status`, `device_id`, `device_owner`, `standard_attr_id`, `ip_allocation`) VALUES
('2dc1db3be0134f38b562da77bf79d38a', '17c676e0-d902-4c79-a304-6e1db805e3c9', '', '3c7fe05d-2999-4563-bc42-cb0461d1ee03', 'fa:16:3e:03:37:59', '1', 'BUILD', '6d1c3e26-919f-42e3-948d-2cd5a9d10bb8', 'network:router_interface', '45', 'immediate'),
('a5999805172b4ae8b2325b3ce18f5676', '1be0ec72-eea8-4a3f-88b2-a3d5c88608c2', '', 'a56ee44d-505b-4495-b04d-77a28f9a080a', 'fa:16:3e:4d:6e:21', '1', 'BUILD', 'dhcpc47b6c48-a620-52a0-9f83-b828d5a7b1ec-a56ee44d-505b-4495-b04d-77a28f9a080a', 'network:dhcp', '26', 'immediate'),
('8352c7f8505b414dac673a5e2b868499', '28e8ce43-c488-4235-94f9-498e046238c1', 'lb-vm2', 'a56ee44d-505b-4495-b04d-77a28f9a080a', 'fa:16:3e:8b:34:dc', '1', 'ACTIVE', 'lb-vm2', 'compute:fake', '57', 'immediate'),
('2dc1db3be0134f38b562da77bf79d38a', '6c3520f2-d2a9-42d5-a374-eeb177319781', '', '3c7fe05d-2999-4563-bc42-cb0461d1ee03', 'fa:16:3e:af:ac:b3', '1', 'BUILD', 'dhcpc47b6c48-a620-52a0-9f83-b828d5a7b1ec-3c7fe05d-2999-4563-bc42-cb0461d1ee03', 'network:dhcp', '43', 'immediate'),
('', '7ac1cdea-985f-4c56-b167-fa44cd047900', '', 'b7ce0203-cc8f-4369-ad4a-a0d471cc3859', 'fa:16:3e:a5:60:2c', '1', 'BUILD', 'f6db2ca1-bece-4b2a-897a-cf7b5c95866c', 'network:router_gateway', '27', 'immediate'),
('a5999805172b4ae8b2325b3ce18f5676', 'a871cafb-53b6-4cdb-bf14-e6e50d7f2dbd', '', 'a56ee44d-505b-4495-b04d-77a28f9a080a', 'fa:16:3e:97:5d:ac', '1', 'BUILD', 'f6db2ca1-bece-4b2a-897a-cf7b5c95866c', 'network:router_interface', '28', 'immediate'),
('8352c7f8505b414dac673a5e2b868499', 'c75a3ce6-4d86-4eff-bd7f-a9055c63691c', '', '2885d28f-83a0-43a9-8aad-870572510f7f', 'fa:16:3e:de:22:49', '1', 'BUILD', 'dhcpc47b6c48-a620-52a0-9f83-b828d5a7b1ec-2885d28f-83a0-43a9-8aad-870572510f7f', 'network:dhcp', '16', 'immediate'),
('', 'd1514733-6fc2-40da-9c37-9f8eace5adc3', '', 'b7ce0203-cc8f-4369-ad4a-a0d471cc3859', 'fa:16:3e:39:07:97', '1', 'BUILD', '6d1c3e26-919f-42e3-948d-2cd5a9d10bb8', 'network:router_gateway', '44', 'immediate'),
('8352c7f8505b414dac673a5e2b868499', 'f0fb59ce-2360-4b91-8a81-deff91c909de', 'lb-vm1', 'a56ee44d-505b-4495-b04d-77a28f9a080a', 'fa:16:3e:86:6f:3d', '1', 'ACTIVE', 'lb-vm1', 'compute:fake', '56', 'immediate');
CREATE TABLE `ml2_port_bindings` (
  `port_id` varchar(36) NOT NULL,
  `host` varchar(255) NOT NULL DEFAULT '',
  `vif_type` varchar(64) NOT NULL,
  `vnic_type` varchar(64) NOT NULL DEFAULT 'normal',
  `profile` varchar(4095) NOT NULL DEFAULT '',
  `vif_details` varchar(4095) NOT NULL DEFAULT '',
  `status` varchar(16) NOT NULL DEFAULT 'ACTIVE',
  PRIMARY KEY (`port_id`,`host`)
);
INSERT INTO `ml2_port_bindings` (`port_id`, `host`, `vif_type`, `vnic_type`, `profile`, `vif_details`, `status`) VALUES
('17c676e0-d902-4c79-a304-6e1db805e3c9', 'ctl', 'bridge', 'normal', '', '{"connectivity": "l2", "port_filter": true}', 'ACTIVE'),
('1be0ec72-eea8-4a3f-88b2-a3d5c88608c2', 'ctl', 'bridge', 'normal', '', '{"connectivity": "l2", "port_filter": true}', 'ACTIVE'),
('28e8ce43-c488-4235-94f9-498e046238c1', 'cmp2', 'bridge', 'normal', '', '{"connectivity": "l2", "port_filter": true}', 'ACTIVE'),
('6c3520f2-d2a9-42d5-a374-eeb177319781', 'ctl', 'bridge', 'normal', '', '{"connectivity": "l2", "port_filter": true}', 'ACTIVE'),
('7ac1cdea-985f-4c56-b167-fa44cd047900', 'ctl', 'bridge', 'normal', '', '{"connectivity": "l2", "port_filter": true}', 'ACTIVE'),
('a871cafb-53b6-4cdb-bf14-e6e50d7f2dbd', 'ctl', 'bridge', 'normal', '', '{"connectivity": "l2", "port_filter": true}', 'ACTIVE'),
('c75a3ce6-4d86-4eff-bd7f-a9055c63691c', 'ctl', 'bridge', 'normal', '', '{"connectivity": "l2", "port_filter": true}', 'ACTIVE'),
('d1514733-6fc2-40da-9c37-9f8eace5adc3', 'ctl', 'bridge', 'normal', '', '{"connectivity": "l2", "port_filter": true}', 'ACTIVE'),
('f0fb59ce-2360-4b91-8a81-deff91c909de', 'cmp1', 'bridge', 'normal', '', '{"connectivity": "l2", "port_filter": true}', 'ACTIVE');
CREATE TABLE `ml2_port_binding_levels` (
  `port_id` varchar(36) NOT NULL,
  `host` varchar(255) NOT NULL,
  `level` int(11) NOT NULL,
  `driver` varchar(64) DEFAULT NULL,
  `segment_id` varchar(36) DEFAULT NULL,
  PRIMARY KEY (`port_id`,`host`,`level`),
  KEY `ml2_port_binding_levels_ibfk_2` (`segment_id`)
);
INSERT INTO `ml2_port_binding_levels` (`port_id`, `host`, `level`, `driver`, `segment_id`) VALUES
('17c676e0-d902-4c79-a304-6e1db805e3c9', 'ctl', '0', 'linuxbridge', 'ba10a0a5-d86e-49e4-ada6-c85233f5b3c5'),
('1be0ec72-eea8-4a3f-88b2-a3d5c88608c2', 'ctl', '0', 'linuxbridge', 'a542c344-b5d6-459a-8edd-a8b528155c65'),
('28e8ce43-c488-4235-94f9-498e046238c1', 'cmp2', '0', 'linuxbridge', 'a542c344-b5d6-459a-8edd-a8b528155c65'),
('6c3520f2-d2a9-42d5-a374-eeb177319781', 'ctl', '0', 'linuxbridge', 'ba10a0a5-d86e-49e4-ada6-c85233f5b3c5'),
('7ac1cdea-985f-4c56-b167-fa44cd047900', 'ctl', '0', 'linuxbridge', '4fccd5a6-e4d4-47ed-b799-fb6f1ce483d6'),
('a871cafb-53b6-4cdb-bf14-e6e50d7f2dbd', 'ctl', '0', 'linuxbridge', 'a542c344-b5d6-459a-8edd-a8b528155c65'),
('c75a3ce6-4d86-4eff-bd7f-a9055c63691c', 'ctl', '0', 'linuxbridge', '372b12f9-4695-4433-b5cc-3c028b32850e'),
('d1514733-6fc2-40da-9c37-9f8eace5adc3', 'ctl', '0', 'linuxbridge', '4fccd5a6-e4d4-47ed-b799-fb6f1ce483d6'),
('f0fb59ce-2360-4b91-8a81-deff91c909de', 'cmp1', '0', 'linuxbridge', 'a542c344-b5d6-459a-8edd-a8b528155c65');
CREATE TABLE `routers` (
  `project_id` varchar(255) DEFAULT NULL,
  `id` varchar(36) NOT NULL,
  `name` varchar(255) DEFAULT NULL,
  `status` varchar(16) DEFAULT NULL,
  `admin_state_up` tinyint(1) DEFAULT NULL,
  `gw_port_id` varchar(36) DEFAULT NULL,
  `enable_snat` tinyint(1) NOT NULL DEFAULT 1,
  `standard_attr_id` bigint(20) NOT NULL,
  `flavor_id` varchar(36) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uniq_routers0standard_attr_id` (`standard_attr_id`),
  KEY `gw_port_id` (`gw_port_id`),
  KEY `flavor_id` (`flavor_id`),
  KEY `ix_routers_project_id` (`project_id`)
);
