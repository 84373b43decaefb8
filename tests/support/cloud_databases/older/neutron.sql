-- Made up, in the layout of Liberty: tenant_id, ml2_network_segments, ml2_dvr_port_bindings, no later tables.
CREATE TABLE agents (id varchar(36), agent_type varchar(255), `binary` varchar(255), topic varchar(255), host varchar(255),
  admin_state_up tinyint(1), configurations varchar(4095));
INSERT INTO agents VALUES
('00000000-0000-4000-8000-0000000000a1', 'L3 agent', 'neutron-l3-agent', 'l3_agent', 'net1', 1, '{"agent_mode": "dvr_snat", "routers": 1}'),
('00000000-0000-4000-8000-0000000000a2', 'Open vSwitch agent', 'neutron-openvswitch-agent', 'N/A', 'cmp1', 1,
 '{"tunnel_types": ["gre"], "tunneling_ip": "192.0.2.21", "bridge_mappings": {"physnet1": "br-ex"}, "devices": 4}');
CREATE TABLE ml2_gre_endpoints (ip_address varchar(64), host varchar(255));
INSERT INTO ml2_gre_endpoints VALUES ('192.0.2.21', 'cmp1'), ('192.0.2.22', NULL);
CREATE TABLE dvr_host_macs (host varchar(255), mac_address varchar(32));
INSERT INTO dvr_host_macs VALUES ('cmp1', 'fa:16:3f:00:00:01');
CREATE TABLE networks (tenant_id varchar(255), id varchar(36), name varchar(255), status varchar(16), admin_state_up tinyint(1),
  mtu int, vlan_transparent tinyint(1));
INSERT INTO networks VALUES ('t1', '00000000-0000-4000-8000-0000000000b1', 'private', 'ACTIVE', 1, 0, NULL);
CREATE TABLE ml2_network_segments (id varchar(36), network_id varchar(36), network_type varchar(32), physical_network varchar(64),
  segmentation_id int, is_dynamic tinyint(1), segment_index int);
INSERT INTO ml2_network_segments VALUES
('00000000-0000-4000-8000-0000000000c1', '00000000-0000-4000-8000-0000000000b1', 'gre', NULL, 12, 0, 0);
CREATE TABLE networkdhcpagentbindings (network_id varchar(36), dhcp_agent_id varchar(36));
CREATE TABLE ports (tenant_id varchar(255), id varchar(36), name varchar(255), network_id varchar(36), mac_address varchar(32),
  admin_state_up tinyint(1), status varchar(16), device_id varchar(255), device_owner varchar(255));
INSERT INTO ports VALUES
('t1', '00000000-0000-4000-8000-0000000000d1', '', '00000000-0000-4000-8000-0000000000b1', 'fa:16:3e:00:00:01', 1, 'ACTIVE',
 '00000000-0000-4000-8000-0000000000e1', 'compute:nova'),
('t1', '00000000-0000-4000-8000-0000000000d2', '', '00000000-0000-4000-8000-0000000000b1', 'fa:16:3e:00:00:02', 1, 'ACTIVE',
 '00000000-0000-4000-8000-0000000000f1', 'network:router_interface_distributed');
CREATE TABLE ipallocations (port_id varchar(36), ip_address varchar(64), subnet_id varchar(36), network_id varchar(36));
INSERT INTO ipallocations VALUES
('00000000-0000-4000-8000-0000000000d1', '10.1.0.5', '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-0000000000b1');
CREATE TABLE ml2_port_bindings (port_id varchar(36), host varchar(255), vif_type varchar(64), vnic_type varchar(64),
  profile varchar(4095), vif_details varchar(4095));
INSERT INTO ml2_port_bindings VALUES
('00000000-0000-4000-8000-0000000000d1', 'cmp1', 'ovs', 'normal', '', '{"port_filter": true, "ovs_hybrid_plug": true}'),
('00000000-0000-4000-8000-0000000000d2', '', 'distributed', 'normal', '', '');
CREATE TABLE ml2_dvr_port_bindings (port_id varchar(36), host varchar(255), router_id varchar(36), vif_type varchar(64),
  vif_details varchar(4095), vnic_type varchar(64), profile varchar(4095), status varchar(16));
INSERT INTO ml2_dvr_port_bindings VALUES
('00000000-0000-4000-8000-0000000000d2', 'cmp1', '00000000-0000-4000-8000-0000000000f1', 'ovs', '', 'normal', '', 'ACTIVE'),
('00000000-0000-4000-8000-0000000000d2', 'net1', '00000000-0000-4000-8000-0000000000f1', 'ovs', '', 'normal', '', 'ACTIVE');
CREATE TABLE ml2_port_binding_levels (port_id varchar(36), host varchar(255), level int, driver varchar(64), segment_id varchar(36));
INSERT INTO ml2_port_binding_levels VALUES
('00000000-0000-4000-8000-0000000000d1', 'cmp1', 0, 'openvswitch', '00000000-0000-4000-8000-0000000000c1');
CREATE TABLE routers (tenant_id varchar(255), id varchar(36), name varchar(255), status varchar(16), admin_state_up tinyint(1),
  gw_port_id varchar(36), enable_snat tinyint(1));
INSERT INTO routers VALUES ('t1', '00000000-0000-4000-8000-0000000000f1', 'out', 'ACTIVE', 1, NULL, 1);
CREATE TABLE router_extra_attributes (router_id varchar(36), distributed tinyint(1), service_router tinyint(1), ha tinyint(1),
  ha_vr_id int);
INSERT INTO router_extra_attributes VALUES ('00000000-0000-4000-8000-0000000000f1', 1, 0, 1, 3);
CREATE TABLE routerl3agentbindings (router_id varchar(36), l3_agent_id varchar(36));
INSERT INTO routerl3agentbindings VALUES ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a1');
CREATE TABLE ha_router_agent_port_bindings (port_id varchar(36), router_id varchar(36), l3_agent_id varchar(36),
  state enum('active','standby'));
INSERT INTO ha_router_agent_port_bindings VALUES
('00000000-0000-4000-8000-0000000000d9', '00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000a1', 'active');
