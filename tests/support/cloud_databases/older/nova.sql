-- Made up, in the layout of Icehouse: no cells, compute_nodes without host, services without forced_down.
CREATE TABLE instances (created_at datetime, updated_at datetime, deleted_at datetime, id int, uuid varchar(36), user_data mediumtext,
  key_data mediumtext, project_id varchar(255), image_ref varchar(255), power_state int, vm_state varchar(255), memory_mb int, vcpus int,
  hostname varchar(255), host varchar(255), node varchar(255), display_name varchar(255), availability_zone varchar(255), root_gb int,
  task_state varchar(255), locked tinyint(1), deleted int);
INSERT INTO instances VALUES
('2015-11-01 10:00:00', NULL, NULL, 1, '00000000-0000-4000-8000-0000000000e1', 'c2VjcmV0', 'ssh-rsa AAAA', 't1', 'm1', 1, 'active', 512, 1,
 'web', 'cmp1', 'cmp1.example.org', 'web', 'nova', 1, NULL, 0, 0),
('2015-11-01 10:00:00', NULL, '2015-11-02 10:00:00', 2, '00000000-0000-4000-8000-0000000000e2', NULL, NULL, 't1', 'm1', 4, 'deleted', 512,
 1, 'old', NULL, NULL, 'old', 'nova', 1, NULL, 0, 2);
CREATE TABLE services (created_at datetime, deleted_at datetime, id int, host varchar(255), `binary` varchar(255), topic varchar(255),
  report_count int, disabled tinyint(1), deleted int, disabled_reason varchar(255));
INSERT INTO services VALUES
('2015-11-01 10:00:00', NULL, 1, 'cmp1', 'nova-compute', 'compute', 9, 0, 0, NULL),
('2015-11-01 10:00:00', NULL, 2, 'ctl', 'nova-scheduler', 'scheduler', 9, 0, 0, NULL);
CREATE TABLE compute_nodes (created_at datetime, deleted_at datetime, id int, service_id int, vcpus int, hypervisor_type mediumtext,
  hypervisor_version int, hypervisor_hostname varchar(255), deleted int, host_ip varchar(39));
INSERT INTO compute_nodes VALUES ('2015-11-01 10:00:00', NULL, 1, 1, 4, 'QEMU', 2000000, 'cmp1.example.org', 0, '192.0.2.21');
