-- Neutron 2026.2: tables as its own migrations made them and rows of a real cloud (ML2/OVS).
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
('0c19eecf-4e30-4855-8bb0-bb257c269c49', 'DHCP agent', 'neutron-dhcp-agent', 'dhcp_agent', 'ctl', '1', '2026-11-21 00:07:55', '2026-11-21 00:07:55', '2026-11-21 00:31:35', NULL, '{"dhcp_driver": "neutron.agent.linux.dhcp.Dnsmasq", "dhcp_lease_duration": 86400, "log_agent_heartbeats": false, "networks": 3, "ports": 13, "subnets": 3}', '3', 'nova', NULL, NULL),
('0f64a44b-a0d9-47bf-885f-22f578b97d9f', 'Open vSwitch agent', 'neutron-openvswitch-agent', 'N/A', 'cmp1', '1', '2026-11-21 00:08:15', '2026-11-21 00:08:35', '2026-11-21 00:31:35', NULL, '{"arp_responder_enabled": true, "baremetal_smartnic": false, "bridge_mappings": {"physnet1": "br-provider"}, "datapath_type": "netdev", "devices": 0, "enable_distributed_routing": false, "extensions": [], "in_distributed_mode": false, "integration_bridge": "br-int", "l2_population": true, "log_agent_heartbeats": false, "ovs_capabilities": {"datapath_types": ["netdev", "system"], "iface_types": ["afxdp", "afxdp-nonpmd", "bareudp", "erspan", "geneve", "gre", "gtpu", "internal", "ip6erspan", "ip6gre", "lisp", "patch", "stt", "system", "tap", "vxlan"]}, "ovs_hybrid_plug": true, "resource_provider_bandwidths": {}, "resource_provider_hypervisors": {"rp_tunnelled": "cmp1", "br-provider": "cmp1"}, "resource_provider_inventory_defaults": {"allocation_ratio": 1.0, "min_unit": 1, "step_size": 1, "reserved": 0}, "resource_provider_packet_processing_inventory_defaults": {"allocation_ratio": 1.0, "min_unit": 1, "step_size": 1, "reserved": 0}, "resource_provider_packet_processing_with_direction": {}, "resource_provider_packet_processing_without_direction": {}, "tunnel_types": ["vxlan"], "tunneling_ip": "10.77.1.21", "vhostuser_socket_dir": "/var/run/openvswitch"}', '0', NULL, '{"AddressGroup": "1.2", "Agent": "1.1", "ConntrackHelper": "1.0", "LocalIPAssociation": "1.0", "Log": "1.0", "NDPProxy": "1.0", "Network": "1.3", "Port": "1.11", "PortForwarding": "1.3", "QosPolicy": "1.10", "SecurityGroup": "1.6", "SecurityGroupRule": "1.3", "SubPort": "1.0", "Subnet": "1.2", "Trunk": "1.1"}', NULL),
('307442c1-bfbd-402c-86a3-e7d4c0f79af3', 'Metadata agent', 'neutron-metadata-agent', 'N/A', 'ctl', '1', '2026-11-21 00:07:52', '2026-11-21 00:07:52', '2026-11-21 00:31:32', NULL, '{"log_agent_heartbeats": false, "metadata_proxy_socket": "/var/lib/neutron/metadata_proxy", "nova_metadata_host": "10.77.0.11", "nova_metadata_port": 8775}', '0', NULL, NULL, NULL),
('7fc71938-1b72-42af-853c-9250793ee445', 'L3 agent', 'neutron-l3-agent', 'l3_agent', 'ctl', '1', '2026-11-21 00:07:56', '2026-11-21 00:07:56', '2026-11-21 00:31:36', NULL, '{"agent_mode": "legacy", "ex_gw_ports": 2, "extensions": [], "floating_ips": 1, "handle_internal_only_routers": true, "interface_driver": "openvswitch", "interfaces": 2, "log_agent_heartbeats": false, "routers": 2}', '0', 'nova', NULL, NULL),
('e32ca15d-f33d-4a23-9db0-70ab8ca7309e', 'Open vSwitch agent', 'neutron-openvswitch-agent', 'N/A', 'cmp2', '1', '2026-11-21 00:08:16', '2026-11-21 00:08:26', '2026-11-21 00:31:36', NULL, '{"arp_responder_enabled": true, "baremetal_smartnic": false, "bridge_mappings": {"physnet1": "br-provider"}, "datapath_type": "netdev", "devices": 0, "enable_distributed_routing": false, "extensions": [], "in_distributed_mode": false, "integration_bridge": "br-int", "l2_population": true, "log_agent_heartbeats": false, "ovs_capabilities": {"datapath_types": ["netdev", "system"], "iface_types": ["afxdp", "afxdp-nonpmd", "bareudp", "erspan", "geneve", "gre", "gtpu", "internal", "ip6erspan", "ip6gre", "lisp", "patch", "stt", "system", "tap", "vxlan"]}, "ovs_hybrid_plug": false, "resource_provider_bandwidths": {}, "resource_provider_hypervisors": {"br-provider": "cmp2", "rp_tunnelled": "cmp2"}, "resource_provider_inventory_defaults": {"allocation_ratio": 1.0, "min_unit": 1, "step_size": 1, "reserved": 0}, "resource_provider_packet_processing_inventory_defaults": {"allocation_ratio": 1.0, "min_unit": 1, "step_size": 1, "reserved": 0}, "resource_provider_packet_processing_with_direction": {}, "resource_provider_packet_processing_without_direction": {}, "tunnel_types": ["vxlan"], "tunneling_ip": "10.77.1.22", "vhostuser_socket_dir": "/var/run/openvswitch"}', '0', NULL, '{"AddressGroup": "1.2", "Agent": "1.1", "ConntrackHelper": "1.0", "LocalIPAssociation": "1.0", "Log": "1.0", "NDPProxy": "1.0", "Network": "1.3", "Port": "1.11", "PortForwarding": "1.3", "QosPolicy": "1.10", "SecurityGroup": "1.6", "SecurityGroupRule": "1.3", "SubPort": "1.0", "Subnet": "1.2", "Trunk": "1.1"}', NULL),
('e6c8f56e-5250-4bbd-8056-160b8c878c11', 'Open vSwitch agent', 'neutron-openvswitch-agent', 'N/A', 'ctl', '1', '2026-11-21 00:08:20', '2026-11-21 00:08:28', '2026-11-21 00:31:29', NULL, '{"arp_responder_enabled": true, "baremetal_smartnic": false, "bridge_mappings": {"physnet1": "br-provider"}, "datapath_type": "netdev", "devices": 0, "enable_distributed_routing": false, "extensions": [], "in_distributed_mode": false, "integration_bridge": "br-int", "l2_population": true, "log_agent_heartbeats": false, "ovs_capabilities": {"datapath_types": ["netdev", "system"], "iface_types": ["afxdp", "afxdp-nonpmd", "bareudp", "erspan", "geneve", "gre", "gtpu", "internal", "ip6erspan", "ip6gre", "lisp", "patch", "stt", "system", "tap", "vxlan"]}, "ovs_hybrid_plug": false, "resource_provider_bandwidths": {}, "resource_provider_hypervisors": {"rp_tunnelled": "ctl", "br-provider": "ctl"}, "resource_provider_inventory_defaults": {"allocation_ratio": 1.0, "min_unit": 1, "step_size": 1, "reserved": 0}, "resource_provider_packet_processing_inventory_defaults": {"allocation_ratio": 1.0, "min_unit": 1, "step_size": 1, "reserved": 0}, "resource_provider_packet_processing_with_direction": {}, "resource_provider_packet_processing_without_direction": {}, "tunnel_types": ["vxlan"], "tunneling_ip": "10.77.1.11", "vhostuser_socket_dir": "/var/run/openvswitch"}', '0', NULL, '{"AddressGroup": "1.2", "Agent": "1.1", "ConntrackHelper": "1.0", "LocalIPAssociation": "1.0", "Log": "1.0", "NDPProxy": "1.0", "Network": "1.3", "Port": "1.11", "PortForwarding": "1.3", "QosPolicy": "1.10", "SecurityGroup": "1.6", "SecurityGroupRule": "1.3", "SubPort": "1.0", "Subnet": "1.2", "Trunk": "1.1"}', NULL);
CREATE TABLE `ml2_vxlan_endpoints` (
  `ip_address` varchar(64) NOT NULL,
  `udp_port` int(11) NOT NULL,
  `host` varchar(255) DEFAULT NULL,
  PRIMARY KEY (`ip_address`),
  UNIQUE KEY `unique_ml2_vxlan_endpoints0host` (`host`)
);
INSERT INTO `ml2_vxlan_endpoints` (`ip_address`, `udp_port`, `host`) VALUES
('10.77.1.11', '4789', 'ctl'),
('10.77.1.21', '4789', 'cmp1'),
('10.77.1.22', '4789', 'cmp2');
CREATE TABLE `ml2_gre_endpoints` (
  `ip_address` varchar(64) NOT NULL,
  `host` varchar(255) DEFAULT NULL,
  PRIMARY KEY (`ip_address`),
  UNIQUE KEY `unique_ml2_gre_endpoints0host` (`host`)
);
CREATE TABLE `ml2_geneve_endpoints` (
  `ip_address` varchar(64) NOT NULL,
  `host` varchar(255) DEFAULT NULL,
  PRIMARY KEY (`ip_address`),
  UNIQUE KEY `unique_ml2_geneve_endpoints0host` (`host`)
);
CREATE TABLE `dvr_host_macs` (
  `host` varchar(255) NOT NULL,
  `mac_address` varchar(32) NOT NULL,
  PRIMARY KEY (`host`),
  UNIQUE KEY `mac_address` (`mac_address`)
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
  `qinq` tinyint(1) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uniq_networks0standard_attr_id` (`standard_attr_id`),
  KEY `ix_networks_project_id` (`project_id`)
);
INSERT INTO `networks` (`project_id`, `id`, `name`, `status`, `admin_state_up`, `mtu`, `vlan_transparent`, `standard_attr_id`, `availability_zone_hints`, `qinq`) VALUES
('a65ae2bde099401c9e015a1fced2109d', '244892a7-e502-465e-9d2a-be6383505f0f', 'net-blue', 'ACTIVE', '1', '1450', NULL, '38', NULL, NULL),
('f63f8660edbd4106ac1a66508bfcbc27', '508c8d2a-c485-49b5-9cab-a9432410ab5a', 'ext-net', 'ACTIVE', '1', '1500', NULL, '10', NULL, NULL),
('202ec4d2536847cda92ded9719933c8a', '63aadad0-8f9e-4e80-8b8a-abab76a185b8', 'net-red', 'ACTIVE', '1', '1450', NULL, '21', NULL, NULL),
('f63f8660edbd4106ac1a66508bfcbc27', '82a53f5a-bcd8-4b6f-80d0-6bb44fa81e6c', 'vlan-101', 'ACTIVE', '1', '1500', NULL, '13', NULL, NULL);
CREATE TABLE `externalnetworks` (
  `network_id` varchar(36) NOT NULL,
  `is_default` tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (`network_id`)
);
INSERT INTO `externalnetworks` (`network_id`, `is_default`) VALUES
('508c8d2a-c485-49b5-9cab-a9432410ab5a', '0');
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
('2ada1098-4b23-4264-a4e7-194b3660907c', '244892a7-e502-465e-9d2a-be6383505f0f', 'vxlan', NULL, '1181', '0', '0', '39', NULL),
('5b813fec-315a-41af-8d8b-e97d49597a09', '82a53f5a-bcd8-4b6f-80d0-6bb44fa81e6c', 'vlan', 'physnet1', '101', '0', '0', '14', NULL),
('7325b2a1-86e2-4b7f-add0-641371df1c06', '508c8d2a-c485-49b5-9cab-a9432410ab5a', 'flat', 'physnet1', NULL, '0', '0', '11', NULL),
('79b34883-e3fd-480f-8ffe-cbfd1176d123', '63aadad0-8f9e-4e80-8b8a-abab76a185b8', 'vxlan', NULL, '1938', '0', '0', '22', NULL);
CREATE TABLE `segmenthostmappings` (
  `segment_id` varchar(36) NOT NULL,
  `host` varchar(255) NOT NULL,
  PRIMARY KEY (`segment_id`,`host`)
);
CREATE TABLE `networkdhcpagentbindings` (
  `network_id` varchar(36) NOT NULL,
  `dhcp_agent_id` varchar(36) NOT NULL,
  `binding_index` int(11) NOT NULL DEFAULT 1,
  PRIMARY KEY (`network_id`,`dhcp_agent_id`),
  UNIQUE KEY `uniq_network_dhcp_agent_binding0network_id0binding_index0` (`network_id`,`binding_index`),
  KEY `dhcp_agent_id` (`dhcp_agent_id`)
);
INSERT INTO `networkdhcpagentbindings` (`network_id`, `dhcp_agent_id`, `binding_index`) VALUES
('244892a7-e502-465e-9d2a-be6383505f0f', '0c19eecf-4e30-4855-8bb0-bb257c269c49', '1'),
('508c8d2a-c485-49b5-9cab-a9432410ab5a', '0c19eecf-4e30-4855-8bb0-bb257c269c49', '1'),
('63aadad0-8f9e-4e80-8b8a-abab76a185b8', '0c19eecf-4e30-4855-8bb0-bb257c269c49', '1'),
('82a53f5a-bcd8-4b6f-80d0-6bb44fa81e6c', '0c19eecf-4e30-4855-8bb0-bb257c269c49', '1');
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
('', '04d1220c-ee5f-47a4-95b8-7656955c2362', '', '508c8d2a-c485-49b5-9cab-a9432410ab5a', 'fa:16:3e:fa:7c:f3', '1', 'ACTIVE', '282e8a04-ef16-4271-87ad-32719c8daa1c', 'network:router_gateway', '26', 'immediate'),
('a65ae2bde099401c9e015a1fced2109d', '0a057ac8-4235-46c6-8e69-19ed096c49d7', '', '244892a7-e502-465e-9d2a-be6383505f0f', 'fa:16:3e:8b:34:88', '1', 'ACTIVE', 'dhcpc47b6c48-a620-52a0-9f83-b828d5a7b1ec-244892a7-e502-465e-9d2a-be6383505f0f', 'network:dhcp', '50', 'immediate'),
('a65ae2bde099401c9e015a1fced2109d', '1eabdca1-5882-4a26-9d39-083a326af4d3', '', '244892a7-e502-465e-9d2a-be6383505f0f', 'fa:16:3e:98:f5:da', '1', 'ACTIVE', 'c9e1e735-e2e5-48fc-98f9-d779ee03536e', 'compute:nova', '59', 'immediate'),
('f63f8660edbd4106ac1a66508bfcbc27', '200846ae-bcb7-4a4c-b59f-82b83e30f2e9', 'fake-red', '63aadad0-8f9e-4e80-8b8a-abab76a185b8', 'fa:16:3e:6e:b5:5f', '1', 'ACTIVE', 'fake-red', 'compute:fake', '93', 'immediate'),
('202ec4d2536847cda92ded9719933c8a', '2b3d0d1d-272b-4c7c-9aab-075143ea1efd', '', '63aadad0-8f9e-4e80-8b8a-abab76a185b8', 'fa:16:3e:f7:ed:70', '1', 'ACTIVE', '4e1ed217-4c44-4861-bfb7-c0003f5e5b06', 'compute:nova', '58', 'immediate'),
('a65ae2bde099401c9e015a1fced2109d', '3ccf12e9-704d-49fa-b5f6-b9c85ae30e77', '', '82a53f5a-bcd8-4b6f-80d0-6bb44fa81e6c', 'fa:16:3e:d5:f6:06', '1', 'ACTIVE', 'f2c2e10a-a336-4ef5-b6fd-b94432350368', 'compute:nova', '60', 'immediate'),
('a65ae2bde099401c9e015a1fced2109d', '3f9cf385-ec04-420e-96c5-db679ac5a8e7', '', '244892a7-e502-465e-9d2a-be6383505f0f', 'fa:16:3e:ec:20:2c', '1', 'ACTIVE', 'f2c2e10a-a336-4ef5-b6fd-b94432350368', 'compute:nova', '57', 'immediate'),
('f63f8660edbd4106ac1a66508bfcbc27', '504cbd2d-cb0d-4799-892c-8a517e0ab278', '', '82a53f5a-bcd8-4b6f-80d0-6bb44fa81e6c', 'fa:16:3e:82:00:14', '1', 'ACTIVE', 'dhcpc47b6c48-a620-52a0-9f83-b828d5a7b1ec-82a53f5a-bcd8-4b6f-80d0-6bb44fa81e6c', 'network:dhcp', '24', 'immediate'),
('202ec4d2536847cda92ded9719933c8a', '516cfe0a-8601-4b79-9f1f-b40cc16b2a7d', 'trunk-parent', '82a53f5a-bcd8-4b6f-80d0-6bb44fa81e6c', 'fa:16:3e:8c:64:8d', '1', 'ACTIVE', 'c61e95eb-b720-4299-bffe-64b67d097bc6', 'compute:nova', '96', 'immediate'),
('202ec4d2536847cda92ded9719933c8a', 'af91672b-5732-48c1-9e76-d573484e1e61', '', '63aadad0-8f9e-4e80-8b8a-abab76a185b8', 'fa:16:3e:e8:fb:67', '1', 'ACTIVE', 'dhcpc47b6c48-a620-52a0-9f83-b828d5a7b1ec-63aadad0-8f9e-4e80-8b8a-abab76a185b8', 'network:dhcp', '49', 'immediate'),
('', 'b1ae380a-c6d1-4099-b1fc-d06011fde6a8', '', '508c8d2a-c485-49b5-9cab-a9432410ab5a', 'fa:16:3e:7e:d8:86', '1', 'ACTIVE', '328abcd3-8ce2-4c0a-8872-e0da9d7b4b19', 'network:router_gateway', '42', 'immediate'),
('a65ae2bde099401c9e015a1fced2109d', 'c8b1610f-7eef-415d-8f43-c2df408b693a', '', '244892a7-e502-465e-9d2a-be6383505f0f', 'fa:16:3e:23:d2:fc', '1', 'ACTIVE', '328abcd3-8ce2-4c0a-8872-e0da9d7b4b19', 'network:router_interface', '43', 'immediate'),
('202ec4d2536847cda92ded9719933c8a', 'd5f277c0-47fe-489d-accb-3dc16467e69c', '', '63aadad0-8f9e-4e80-8b8a-abab76a185b8', 'fa:16:3e:da:0a:6a', '1', 'ACTIVE', '282e8a04-ef16-4271-87ad-32719c8daa1c', 'network:router_interface', '27', 'immediate'),
('202ec4d2536847cda92ded9719933c8a', 'd8974125-651f-4bfe-b08c-4716dca4607e', 'trunk-sub', '63aadad0-8f9e-4e80-8b8a-abab76a185b8', 'fa:16:3e:75:60:bc', '1', 'ACTIVE', '', 'trunk:subport', '97', 'immediate'),
('', 'f84898e5-f334-4277-b652-5ca06e895e10', '', '508c8d2a-c485-49b5-9cab-a9432410ab5a', 'fa:16:3e:63:63:7b', '1', 'N/A', '5c60789b-ec2b-41a7-b00b-66bea496f706', 'network:floatingip', '61', 'immediate'),
('202ec4d2536847cda92ded9719933c8a', 'fcb0da28-da38-42de-abb8-006b82a6e123', '', '63aadad0-8f9e-4e80-8b8a-abab76a185b8', 'fa:16:3e:d1:be:9c', '1', 'ACTIVE', 'fd477d95-8eb8-46cd-93af-2ec972a9f3ba', 'compute:nova', '56', 'immediate');
CREATE TABLE `ipallocations` (
  `port_id` varchar(36) DEFAULT NULL,
  `ip_address` varchar(64) NOT NULL,
  `subnet_id` varchar(36) NOT NULL,
  `network_id` varchar(36) NOT NULL,
  PRIMARY KEY (`ip_address`,`subnet_id`,`network_id`),
  KEY `network_id` (`network_id`),
  KEY `port_id` (`port_id`),
  KEY `subnet_id` (`subnet_id`)
);
INSERT INTO `ipallocations` (`port_id`, `ip_address`, `subnet_id`, `network_id`) VALUES
('04d1220c-ee5f-47a4-95b8-7656955c2362', '172.24.4.135', '7e0ab706-7b07-41dc-b22e-515a0e9911a5', '508c8d2a-c485-49b5-9cab-a9432410ab5a'),
('0a057ac8-4235-46c6-8e69-19ed096c49d7', '10.2.0.2', 'ba3df39b-f1b9-4c50-9f67-acc8d3f4c7ce', '244892a7-e502-465e-9d2a-be6383505f0f'),
('1eabdca1-5882-4a26-9d39-083a326af4d3', '10.2.0.51', 'ba3df39b-f1b9-4c50-9f67-acc8d3f4c7ce', '244892a7-e502-465e-9d2a-be6383505f0f'),
('200846ae-bcb7-4a4c-b59f-82b83e30f2e9', '10.1.0.235', 'fd588ce9-27c3-4f45-8408-166c9372bf1d', '63aadad0-8f9e-4e80-8b8a-abab76a185b8'),
('2b3d0d1d-272b-4c7c-9aab-075143ea1efd', '10.1.0.95', 'fd588ce9-27c3-4f45-8408-166c9372bf1d', '63aadad0-8f9e-4e80-8b8a-abab76a185b8'),
('3ccf12e9-704d-49fa-b5f6-b9c85ae30e77', '10.101.0.191', '27f2fbf7-ab4c-45f7-873e-f4b8d6e54359', '82a53f5a-bcd8-4b6f-80d0-6bb44fa81e6c'),
('3f9cf385-ec04-420e-96c5-db679ac5a8e7', '10.2.0.227', 'ba3df39b-f1b9-4c50-9f67-acc8d3f4c7ce', '244892a7-e502-465e-9d2a-be6383505f0f'),
('504cbd2d-cb0d-4799-892c-8a517e0ab278', '10.101.0.2', '27f2fbf7-ab4c-45f7-873e-f4b8d6e54359', '82a53f5a-bcd8-4b6f-80d0-6bb44fa81e6c'),
('516cfe0a-8601-4b79-9f1f-b40cc16b2a7d', '10.101.0.34', '27f2fbf7-ab4c-45f7-873e-f4b8d6e54359', '82a53f5a-bcd8-4b6f-80d0-6bb44fa81e6c'),
('af91672b-5732-48c1-9e76-d573484e1e61', '10.1.0.2', 'fd588ce9-27c3-4f45-8408-166c9372bf1d', '63aadad0-8f9e-4e80-8b8a-abab76a185b8'),
('b1ae380a-c6d1-4099-b1fc-d06011fde6a8', '172.24.4.120', '7e0ab706-7b07-41dc-b22e-515a0e9911a5', '508c8d2a-c485-49b5-9cab-a9432410ab5a'),
('c8b1610f-7eef-415d-8f43-c2df408b693a', '10.2.0.1', 'ba3df39b-f1b9-4c50-9f67-acc8d3f4c7ce', '244892a7-e502-465e-9d2a-be6383505f0f'),
('d5f277c0-47fe-489d-accb-3dc16467e69c', '10.1.0.1', 'fd588ce9-27c3-4f45-8408-166c9372bf1d', '63aadad0-8f9e-4e80-8b8a-abab76a185b8'),
('d8974125-651f-4bfe-b08c-4716dca4607e', '10.1.0.152', 'fd588ce9-27c3-4f45-8408-166c9372bf1d', '63aadad0-8f9e-4e80-8b8a-abab76a185b8'),
('f84898e5-f334-4277-b652-5ca06e895e10', '172.24.4.111', '7e0ab706-7b07-41dc-b22e-515a0e9911a5', '508c8d2a-c485-49b5-9cab-a9432410ab5a'),
('fcb0da28-da38-42de-abb8-006b82a6e123', '10.1.0.33', 'fd588ce9-27c3-4f45-8408-166c9372bf1d', '63aadad0-8f9e-4e80-8b8a-abab76a185b8');
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
('04d1220c-ee5f-47a4-95b8-7656955c2362', 'ctl', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": false, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE'),
('0a057ac8-4235-46c6-8e69-19ed096c49d7', 'ctl', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": false, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE'),
('1eabdca1-5882-4a26-9d39-083a326af4d3', 'cmp1', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": true, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE'),
('200846ae-bcb7-4a4c-b59f-82b83e30f2e9', 'cmp2', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": false, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE'),
('2b3d0d1d-272b-4c7c-9aab-075143ea1efd', 'cmp1', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": true, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE'),
('3ccf12e9-704d-49fa-b5f6-b9c85ae30e77', 'cmp2', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": false, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE'),
('3f9cf385-ec04-420e-96c5-db679ac5a8e7', 'cmp2', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": false, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE'),
('504cbd2d-cb0d-4799-892c-8a517e0ab278', 'ctl', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": false, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE'),
('516cfe0a-8601-4b79-9f1f-b40cc16b2a7d', 'cmp2', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": false, "datapath_type": "netdev", "bridge_name": "tbr-7228d597-d"}', 'ACTIVE'),
('af91672b-5732-48c1-9e76-d573484e1e61', 'ctl', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": false, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE'),
('b1ae380a-c6d1-4099-b1fc-d06011fde6a8', 'ctl', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": false, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE'),
('c8b1610f-7eef-415d-8f43-c2df408b693a', 'ctl', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": false, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE'),
('d5f277c0-47fe-489d-accb-3dc16467e69c', 'ctl', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": false, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE'),
('d8974125-651f-4bfe-b08c-4716dca4607e', 'cmp2', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": false, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE'),
('f84898e5-f334-4277-b652-5ca06e895e10', '', 'unbound', 'normal', '', '', 'ACTIVE'),
('fcb0da28-da38-42de-abb8-006b82a6e123', 'cmp2', 'ovs', 'normal', '', '{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": false, "datapath_type": "netdev", "bridge_name": "br-int"}', 'ACTIVE');
CREATE TABLE `ml2_distributed_port_bindings` (
  `port_id` varchar(36) NOT NULL,
  `host` varchar(255) NOT NULL,
  `router_id` varchar(36) DEFAULT NULL,
  `vif_type` varchar(64) NOT NULL,
  `vif_details` varchar(4095) NOT NULL DEFAULT '',
  `vnic_type` varchar(64) NOT NULL DEFAULT 'normal',
  `profile` varchar(4095) NOT NULL DEFAULT '',
  `status` varchar(16) NOT NULL,
  PRIMARY KEY (`port_id`,`host`)
);
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
('04d1220c-ee5f-47a4-95b8-7656955c2362', 'ctl', '0', 'openvswitch', '7325b2a1-86e2-4b7f-add0-641371df1c06'),
('0a057ac8-4235-46c6-8e69-19ed096c49d7', 'ctl', '0', 'openvswitch', '2ada1098-4b23-4264-a4e7-194b3660907c'),
('1eabdca1-5882-4a26-9d39-083a326af4d3', 'cmp1', '0', 'openvswitch', '2ada1098-4b23-4264-a4e7-194b3660907c'),
('200846ae-bcb7-4a4c-b59f-82b83e30f2e9', 'cmp2', '0', 'openvswitch', '79b34883-e3fd-480f-8ffe-cbfd1176d123'),
('2b3d0d1d-272b-4c7c-9aab-075143ea1efd', 'cmp1', '0', 'openvswitch', '79b34883-e3fd-480f-8ffe-cbfd1176d123'),
('3ccf12e9-704d-49fa-b5f6-b9c85ae30e77', 'cmp2', '0', 'openvswitch', '5b813fec-315a-41af-8d8b-e97d49597a09'),
('3f9cf385-ec04-420e-96c5-db679ac5a8e7', 'cmp2', '0', 'openvswitch', '2ada1098-4b23-4264-a4e7-194b3660907c'),
('504cbd2d-cb0d-4799-892c-8a517e0ab278', 'ctl', '0', 'openvswitch', '5b813fec-315a-41af-8d8b-e97d49597a09'),
('516cfe0a-8601-4b79-9f1f-b40cc16b2a7d', 'cmp2', '0', 'openvswitch', '5b813fec-315a-41af-8d8b-e97d49597a09'),
('af91672b-5732-48c1-9e76-d573484e1e61', 'ctl', '0', 'openvswitch', '79b34883-e3fd-480f-8ffe-cbfd1176d123'),
('b1ae380a-c6d1-4099-b1fc-d06011fde6a8', 'ctl', '0', 'openvswitch', '7325b2a1-86e2-4b7f-add0-641371df1c06'),
('c8b1610f-7eef-415d-8f43-c2df408b693a', 'ctl', '0', 'openvswitch', '2ada1098-4b23-4264-a4e7-194b3660907c'),
('d5f277c0-47fe-489d-accb-3dc16467e69c', 'ctl', '0', 'openvswitch', '79b34883-e3fd-480f-8ffe-cbfd1176d123'),
('d8974125-651f-4bfe-b08c-4716dca4607e', 'cmp2', '0', 'openvswitch', '79b34883-e3fd-480f-8ffe-cbfd1176d123'),
('fcb0da28-da38-42de-abb8-006b82a6e123', 'cmp2', '0', 'openvswitch', '79b34883-e3fd-480f-8ffe-cbfd1176d123');
CREATE TABLE `provisioningblocks` (
  `standard_attr_id` bigint(20) NOT NULL,
  `entity` varchar(255) NOT NULL,
  PRIMARY KEY (`standard_attr_id`,`entity`)
);
CREATE TABLE `trunks` (
  `admin_state_up` tinyint(1) NOT NULL DEFAULT 1,
  `project_id` varchar(255) DEFAULT NULL,
  `id` varchar(36) NOT NULL,
  `name` varchar(255) DEFAULT NULL,
  `port_id` varchar(36) NOT NULL,
  `status` varchar(16) NOT NULL DEFAULT 'ACTIVE',
  `standard_attr_id` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `port_id` (`port_id`),
  UNIQUE KEY `standard_attr_id` (`standard_attr_id`),
  KEY `ix_trunks_project_id` (`project_id`)
);
INSERT INTO `trunks` (`admin_state_up`, `project_id`, `id`, `name`, `port_id`, `status`, `standard_attr_id`) VALUES
('1', '202ec4d2536847cda92ded9719933c8a', '7228d597-d2d6-4a85-a3c0-11e2661cb346', 'trunk0', '516cfe0a-8601-4b79-9f1f-b40cc16b2a7d', 'ACTIVE', '98');
CREATE TABLE `subports` (
  `port_id` varchar(36) NOT NULL,
  `trunk_id` varchar(36) NOT NULL,
  `segmentation_type` varchar(32) NOT NULL,
  `segmentation_id` int(11) NOT NULL,
  PRIMARY KEY (`port_id`),
  UNIQUE KEY `uniq_subport0trunk_id0segmentation_type0segmentation_id` (`trunk_id`,`segmentation_type`,`segmentation_id`)
);
INSERT INTO `subports` (`port_id`, `trunk_id`, `segmentation_type`, `segmentation_id`) VALUES
('d8974125-651f-4bfe-b08c-4716dca4607e', '7228d597-d2d6-4a85-a3c0-11e2661cb346', 'vlan', '200');
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
INSERT INTO `routers` (`project_id`, `id`, `name`, `status`, `admin_state_up`, `gw_port_id`, `enable_snat`, `standard_attr_id`, `flavor_id`) VALUES
('202ec4d2536847cda92ded9719933c8a', '282e8a04-ef16-4271-87ad-32719c8daa1c', 'router-red', 'ACTIVE', '1', '04d1220c-ee5f-47a4-95b8-7656955c2362', '1', '25', NULL),
('a65ae2bde099401c9e015a1fced2109d', '328abcd3-8ce2-4c0a-8872-e0da9d7b4b19', 'router-blue', 'ACTIVE', '1', 'b1ae380a-c6d1-4099-b1fc-d06011fde6a8', '1', '41', NULL);
CREATE TABLE `router_extra_attributes` (
  `router_id` varchar(36) NOT NULL,
  `distributed` tinyint(1) NOT NULL DEFAULT 0,
  `service_router` tinyint(1) NOT NULL DEFAULT 0,
  `ha` tinyint(1) NOT NULL DEFAULT 0,
  `ha_vr_id` int(11) DEFAULT NULL,
  `availability_zone_hints` varchar(255) DEFAULT NULL,
  `enable_default_route_ecmp` tinyint(1) NOT NULL DEFAULT 0,
  `enable_default_route_bfd` tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (`router_id`)
);
CREATE TABLE `routerl3agentbindings` (
  `router_id` varchar(36) NOT NULL,
  `l3_agent_id` varchar(36) NOT NULL,
  `binding_index` int(11) NOT NULL DEFAULT 1,
  PRIMARY KEY (`router_id`,`l3_agent_id`),
  UNIQUE KEY `uniq_router_l3_agent_binding0router_id0binding_index0` (`router_id`,`binding_index`),
  KEY `l3_agent_id` (`l3_agent_id`)
);
INSERT INTO `routerl3agentbindings` (`router_id`, `l3_agent_id`, `binding_index`) VALUES
('282e8a04-ef16-4271-87ad-32719c8daa1c', '7fc71938-1b72-42af-853c-9250793ee445', '1'),
('328abcd3-8ce2-4c0a-8872-e0da9d7b4b19', '7fc71938-1b72-42af-853c-9250793ee445', '1');
CREATE TABLE `ha_router_agent_port_bindings` (
  `port_id` varchar(36) NOT NULL,
  `router_id` varchar(36) NOT NULL,
  `l3_agent_id` varchar(36) DEFAULT NULL,
  `state` enum('active','standby','unknown') DEFAULT 'standby',
  PRIMARY KEY (`port_id`),
  UNIQUE KEY `uniq_ha_router_agent_port_bindings0port_id0l3_agent_id` (`router_id`,`l3_agent_id`),
  KEY `l3_agent_id` (`l3_agent_id`)
);
