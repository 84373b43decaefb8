// Written by tools/generate_ui_types.py from the table of operations: do not edit.

export interface AddCliqueConstraint {
  focal_point_type: string;
  constraints: string[];
}

export interface AddCliqueType {
  name: string;
  focal_point_type: string;
  link_types: string[];
  environment?: string;
  environment_type?: string;
  distribution?: string;
  distribution_version?: string;
  mechanism_drivers?: string;
  type_drivers?: string;
  use_implicit_links?: boolean;
}

export interface Added {
  id: string;
  message: string;
}

export interface AgentView {
  environment: string;
  host: string;
  connected: boolean;
  since: string;
  version: string;
  cpu: number;
  cpu_limit: number;
  memory: number;
  spooled: number;
  spooled_bytes: number;
  lost: number;
  captures: string;
  sends: string;
  engines: Record<string, string>;
  flows_lost: number;
}

export interface Agents {
  items: AgentView[];
}

export interface AlertRemoved {
  id: string;
}

export interface AlertView {
  id: string;
  name: string;
  description: string;
  expression: string;
  trigger: string;
  action: string;
  created: string;
  armed: boolean;
  fired: number;
  last: string;
  problem: string;
}

export interface Alerts {
  items: AlertView[];
}

export interface AmqpAccess {
  host?: string;
  port?: number;
  user?: string;
  password?: string;
  vhost?: string;
  tls?: boolean;
  ca?: string;
}

export interface Audit {
  items: Deed[];
  next?: string;
}

export interface Branch {
  id: string;
  kind: string;
  type: string;
  name: string;
  state?: string;
  children?: Branch[];
  hidden?: number;
}

export interface CallWorkflow {
  id: string;
  parameters: Record<string, unknown>;
  seconds?: number;
  environment?: string;
}

export interface Caller {
  name: string;
  role: string;
  scopes: ("admin" | "agent" | "read" | "write")[];
  expires: string;
}

export interface CancelScan {
  environment?: string;
  id?: string;
}

export interface CaptureCounts {
  received?: number;
  dropped?: number;
  lost?: number;
  unknown?: number;
  sampled?: number;
  unkept?: number;
}

export interface CaptureEnded {
  id: string;
  query: string;
  name: string;
  at: string;
  reason: string;
}

export interface CaptureExtra {
  defragment?: boolean;
  tcp_metric?: boolean;
  first_payload?: boolean;
  layers?: ("DHCPv4" | "DNS" | "VRRP")[];
  target?: string;
  target_type?: "erspan" | "local" | "netflow";
  packets_per_second?: number;
}

export interface CaptureList {
  captures: CaptureView[];
  running: boolean;
  ended?: CaptureEnded[];
}

export interface CaptureView {
  id: string;
  query: string;
  name: string;
  description: string;
  engine: string;
  bpf: string;
  header: number;
  raw_packets: number;
  l2_key: boolean;
  ttl: number;
  created: string;
  points: PointView[];
  error?: string;
  extra?: CaptureExtra;
  packets?: number;
  cpu?: number;
}

export interface Cause {
  at: string;
  revision: number;
  by: "derived" | "event" | "run";
  scope?: string;
  began?: string;
  status?: string;
}

export interface ChangePassword {
  name: string;
  password: string;
  new_password: string;
}

export interface ChangeRole {
  name: string;
  role: "admin" | "operator" | "viewer";
}

export interface CliqueTypeView {
  name: string;
  focal_kind: string;
  link_types: string[];
  origin: string;
  doc: string;
  id?: string;
}

export interface CliqueView {
  focal: string;
  type: string;
  constraint: string[] | null;
  note: string;
  objects: Node[];
  links: Edge[];
  unknown: Unknown[];
  freshness: Freshness;
  conversation?: Conversation | null;
}

export interface CloudHosts {
  ssh?: Ssh;
  wrap?: Record<string, string>;
  leave?: string[];
}

export interface ConnectionsTested {
  id: string;
  status: string;
  items: Probed[];
}

export interface ConstraintView {
  focal_kind: string;
  keeps_to: string[];
  id: string;
  added: boolean;
}

export interface Conversation {
  peer: string;
  networks: SharedNetwork[] | null;
  until: string;
  tunnel: Tunnel | null;
  note: string;
}

export interface CountObjects {
  environment?: string;
  at?: string;
}

export interface CountOriginal {
  type: string;
  environment?: string;
  at?: string;
}

export interface Counts {
  kinds: Record<string, number>;
  types: Record<string, number>;
  interfaces: number;
  total: number;
  freshness: Freshness;
}

export interface CreateCapture {
  query: string;
  environment?: string;
  id?: string;
  name?: string;
  description?: string;
  engine?: string;
  bpf?: string;
  header?: number;
  raw_packets?: number;
  l2_key?: boolean;
  extra?: CaptureExtra | null;
  sampling?: number;
  port?: number;
  ttl?: number;
  packets?: number;
  cpu?: number;
}

export interface CreateToken {
  name: string;
  scopes?: ("admin" | "agent" | "read" | "write")[];
  expires?: string;
}

export interface CreateUser {
  name: string;
  role?: "admin" | "operator" | "viewer";
}

export interface CreatedToken {
  token: string;
  about: TokenView;
}

export interface Deed {
  at: string;
  who: string;
  what: string;
  outcome: string;
  about?: Record<string, string | number | boolean>;
}

export interface DeleteMessages {
  environment?: string;
  ids?: string[];
  level?: ("alert" | "crit" | "debug" | "error" | "info" | "notice" | "panic" | "warn")[];
}

export interface Density {
  start: string;
  end: string;
  begins: string;
  counts: number[];
  revision: number;
}

export interface DiffView {
  start: string;
  end: string;
  groups: Group[];
  objects: ObjectDifference[];
  links: LinkChange[];
  freshness: Freshness;
}

export interface Edge {
  type: string;
  source: string;
  target: string;
  through?: string[];
  network?: string[] | null;
  state?: string;
}

export interface EdgeRule {
  id: string;
  source: string;
  target: string;
  metadata: Record<string, unknown>;
  name?: string;
  description?: string;
}

export interface EnableScanSchedule {
  id: string;
  environment?: string;
  enabled?: boolean;
}

export interface Environment {
  name?: string;
  type?: "Docker" | "Kubernetes" | "OpenStack" | "Plain";
  distribution?: string;
  distribution_version?: string;
  mechanism_drivers?: string[];
  type_drivers?: string[];
  hosts?: Record<string, Host>;
  pnics?: string[];
  namespaces?: "instances" | "plain";
  service_patterns?: string[];
  sources?: Record<string, Record<string, unknown>>;
  cliques?: "calipso" | "ours";
  history_days?: number;
  amqp?: AmqpAccess | null;
  cloud_hosts?: CloudHosts | null;
  flow_days?: number;
  recorded?: boolean;
  original?: Record<string, unknown>;
}

export interface EnvironmentRemoved {
  name: string;
  purged: boolean;
}

export interface EnvironmentTaken {
  name: string;
  config: Environment;
  warnings?: string[];
}

export interface EnvironmentTried {
  status: string;
  items: Tried[];
}

export interface EnvironmentView {
  name: string;
  type: string;
  hosts: string[];
  objects: number;
  scopes: number;
  stale: number;
  trouble: string;
  config: Environment;
}

export interface Environments {
  items: EnvironmentView[];
}

export interface Event {
  at: string;
  op: string;
  source?: string;
  fields?: Field[];
  link?: string;
  other?: string;
  outgoing?: boolean;
}

export interface Export {
  environment?: string;
  at?: string;
}

export interface ExportFlows {
  environment?: string;
  since?: string;
  until?: string;
  address?: string;
  mac?: string;
  application?: string;
  protocol?: string;
  node?: string;
  capture?: string;
  tracking_id?: string;
  order?: "-last" | "-metric.ab_bytes" | "-metric.ba_bytes" | "-start" | "last" | "start";
  limit?: number;
}

export interface Exported {
  lines: string[];
}

export interface FabricText {
  id: string;
  text: string;
}

export interface FacetView {
  type: string;
  scope: string;
  attributes: Record<string, unknown>;
}

export interface Field {
  name: string;
  old?: unknown;
  new?: unknown;
}

export interface Finding {
  check: "dangling end" | "duplicate id" | "orphan";
  id: string;
  message: string;
  evidence?: Record<string, unknown>;
}

export interface FiringView {
  id: string;
  alert: string;
  name: string;
  at: string;
  action: string;
  total: number;
  outcome: string;
  results: unknown[];
}

export interface Firings {
  items: FiringView[];
}

export interface Flow {
  uuid: string;
  tracking_id: string;
  l3_tracking_id: string;
  layers_path: string;
  application: string;
  start: number;
  last: number;
  metric: FlowMetric;
  last_update?: FlowMetric;
  link?: FlowLink | null;
  network?: FlowNetwork | null;
  transport?: FlowTransport | null;
  icmp?: FlowIcmp | null;
  tcp?: FlowTcp | null;
  fragments?: number;
  fragment_errors?: number;
  parent?: string;
  node?: string;
  capture?: string;
  host?: string;
  finish?: "" | "tcp_fin" | "tcp_rst" | "timeout";
  a_object?: string;
  b_object?: string;
  tunnel?: string;
  raw_packets?: number;
  asked_name?: string;
  dns?: FlowDns | null;
  dhcp?: FlowDhcp | null;
  vrrp?: FlowVrrp | null;
}

export interface FlowDhcp {
  id?: number;
  type?: string;
  reply?: number;
  client_mac?: string;
  client?: string;
  yours?: string;
  next_server?: string;
  relay?: string;
  requested?: string;
  server?: string;
  lease?: number;
  host_name?: string;
}

export interface FlowDns {
  id?: number;
  answer?: number;
  opcode?: number;
  code?: number;
  authoritative?: number;
  truncated?: number;
  questions?: string;
  answers?: string;
}

export interface FlowFile {
  flows: number;
  parquet: string;
}

export interface FlowIcmp {
  type: number;
  code: number;
  id?: number;
}

export interface FlowLink {
  protocol?: string;
  a?: string;
  b?: string;
  id?: number;
}

export interface FlowList {
  flows: Flow[];
  truncated: boolean;
  lost: number;
}

export interface FlowMetric {
  ab_packets?: number;
  ab_bytes?: number;
  ba_packets?: number;
  ba_bytes?: number;
  start?: number;
  last?: number;
  rtt?: number;
}

export interface FlowNetwork {
  protocol: "IPV4" | "IPV6";
  a: string;
  b: string;
  id?: number;
}

export interface FlowPath {
  tracking_ids: string[];
  hops: Hop[];
  stages: Stage[];
  order: "graph" | "time";
  a_object?: string;
  b_object?: string;
  before?: string[] | null;
  after?: string[] | null;
  unplaced?: Hop[];
  notes?: string[];
}

export interface FlowTcp {
  ab_syn?: number;
  ba_syn?: number;
  ab_fin?: number;
  ba_fin?: number;
  ab_rst?: number;
  ba_rst?: number;
  ab_syn_ttl?: number;
  ba_syn_ttl?: number;
  ab_out_of_order?: number;
  ba_out_of_order?: number;
  ab_packets?: number;
  ba_packets?: number;
  ab_bytes?: number;
  ba_bytes?: number;
  ab_skipped?: number;
  ba_skipped?: number;
  ab_skipped_bytes?: number;
  ba_skipped_bytes?: number;
  ab_retransmitted?: number;
  ba_retransmitted?: number;
  ab_saw_start?: number;
  ba_saw_start?: number;
  ab_saw_end?: number;
  ba_saw_end?: number;
}

export interface FlowTransport {
  protocol: string;
  a: number;
  b: number;
}

export interface FlowVrrp {
  router?: number;
  priority?: number;
  interval?: number;
  authentication?: number;
  addresses?: string;
}

export interface Freshness {
  as_of: string;
  revision: number;
  stale?: string[];
  trouble?: string;
}

export interface GetAlerts {
  id?: string;
  environment?: string;
}

export interface GetAudit {
  who?: string;
  what?: string;
  since?: string;
  until?: string;
  limit?: number;
  cursor?: string;
}

export interface GetCaptures {
  environment?: string;
}

export interface GetClique {
  id: string;
  type?: string;
  network?: string[];
  peer?: string;
  environment?: string;
  at?: string;
}

export interface GetDensity {
  start?: string;
  end?: string;
  bins?: number;
  environment?: string;
}

export interface GetDiff {
  start: string;
  end?: string;
  id?: string;
  clique?: string;
  query?: string;
  environment?: string;
}

export interface GetFirings {
  alert?: string;
  since?: string;
  until?: string;
  limit?: number;
  environment?: string;
}

export interface GetFlowPath {
  id: string;
  environment?: string;
  since?: string;
  until?: string;
  nat?: boolean;
}

export interface GetFlows {
  environment?: string;
  since?: string;
  until?: string;
  address?: string;
  mac?: string;
  application?: string;
  protocol?: string;
  node?: string;
  capture?: string;
  tracking_id?: string;
  order?: "-last" | "-metric.ab_bytes" | "-metric.ba_bytes" | "-start" | "last" | "start";
  limit?: number;
}

export interface GetHistory {
  id: string;
  since?: string;
  until?: string;
  limit?: number;
  cursor?: string;
  environment?: string;
}

export interface GetInjections {
  environment?: string;
  id?: string;
  since?: string;
  until?: string;
}

export interface GetLinks {
  id?: string;
  type?: string;
  implicit?: boolean;
  environment?: string;
  at?: string;
  limit?: number;
  cursor?: string;
}

export interface GetMap {
  environment?: string;
  at?: string;
}

export interface GetMessages {
  environment?: string;
  level?: ("alert" | "crit" | "debug" | "error" | "info" | "notice" | "panic" | "warn")[];
  at_least?: "alert" | "crit" | "debug" | "error" | "info" | "notice" | "panic" | "warn";
  source_system?: ("Calipso" | "Kubernetes" | "OpenStack" | "Sensu")[];
  related_object?: string;
  origin_id?: string;
  viewed?: "" | "no" | "yes";
  open?: "" | "no" | "yes";
  since?: string;
  until?: string;
  text?: string;
  limit?: number;
}

export interface GetModel {
  environment?: string;
}

export interface GetObjects {
  kind?: string;
  id?: string;
  host?: string;
  state?: string;
  where?: string[];
  fields?: string[];
  environment?: string;
  at?: string;
  facets?: boolean;
  limit?: number;
  cursor?: string;
}

export interface GetOriginal {
  collection: string;
  environment?: string;
  where?: string[];
  page?: number;
  page_size?: number;
  full?: boolean;
  cursor?: string;
  at?: string;
}

export interface GetPackets {
  environment?: string;
  since?: string;
  until?: string;
  address?: string;
  mac?: string;
  application?: string;
  protocol?: string;
  node?: string;
  capture?: string;
  tracking_id?: string;
  order?: "-last" | "-metric.ab_bytes" | "-metric.ba_bytes" | "-start" | "last" | "start";
  limit?: number;
  uuid?: string;
  bpf?: string;
}

export interface GetScanSchedules {
  environment?: string;
}

export interface GetScans {
  environment?: string;
  status?: ("aborted" | "completed" | "completed_with_errors" | "draft" | "failed" | "pending" | "running")[];
  object_id?: string;
  inventory?: string;
  since?: string;
  until?: string;
  limit?: number;
}

export interface GetSchedule {
  environment?: string;
}

export interface GetSources {
  environment?: string;
  at?: string;
}

export interface GetSupportedEnvironments {
  type?: string;
  distribution?: string;
  version?: string;
  mechanism_driver?: string;
  type_driver?: string;
  feature?: string;
  evidence?: string;
}

export interface GetTokens {
}

export interface GetTree {
  root?: string;
  depth?: number;
  environment?: string;
  at?: string;
}

export interface GetUserTopology {
  environment?: string;
}

export interface GetUsers {
}

export interface GetWorkflows {
  id?: string;
  environment?: string;
}

export interface Group {
  host: string;
  kind: string;
  added?: number;
  removed?: number;
  changed?: number;
}

export interface History {
  id: string;
  alive: boolean;
  events: Event[];
  freshness: Freshness;
  next?: string;
}

export interface Hit {
  id: string;
  kind: string;
  type: string;
  name: string;
  host: string;
  state?: string;
  field?: string;
  value?: string;
  until?: string;
}

export interface Hop {
  node: string;
  host: string;
  leg: number;
  layer: string;
  vni?: number;
  outer_a?: string;
  outer_b?: string;
  link_a?: string;
  link_b?: string;
  network_a?: string;
  network_b?: string;
  port_a?: number;
  port_b?: number;
  ab_packets: number;
  ab_bytes: number;
  ba_packets: number;
  ba_bytes: number;
  start: number;
  last: number;
  rtt: number;
  flows: string[];
}

export interface Host {
  aliases?: string[];
  pid?: number;
  agent?: boolean;
  pid_file?: string;
  sources?: Record<string, Record<string, unknown>>;
  ssh?: Ssh | null;
  wrap?: Record<string, string>;
  snmp?: SnmpAccess | null;
  openstack?: OpenStackAccess | null;
  mysql?: SqlAccess | null;
  amqp?: AmqpAccess | null;
}

export interface Import {
  lines: string[];
  environment?: string;
}

export interface ImportPackets {
  pcap: string;
  environment?: string;
  capture?: string;
}

export interface ImportUserTopology {
  text: string;
  replace?: boolean;
  environment?: string;
}

export interface Imported {
  records: number;
  objects: number;
}

export interface InjectPacket {
  source: string;
  target?: string;
  environment?: string;
  id?: string;
  type?: "icmp4" | "icmp6" | "pcap" | "tcp4" | "tcp6" | "udp4" | "udp6";
  source_ip?: string;
  source_mac?: string;
  target_mac?: string;
  source_port?: number;
  target_port?: number;
  packet?: Packet | null;
  count?: number;
  interval?: number;
  mode?: "random" | "unique";
  pcap?: string;
}

export interface InjectionList {
  items: InjectionView[];
}

export interface InjectionView {
  id: string;
  state: string;
  source: string;
  device: string;
  target: string;
  type: string;
  source_ip: string;
  target_ip: string;
  source_mac: string;
  target_mac: string;
  source_port: number;
  target_port: number;
  icmp_id: number;
  count: number;
  interval: number;
  mode: string;
  ttl: number;
  who: string;
  began: string;
  ended: string;
  sent: number;
  errors: number;
  error: string;
  tracking_ids: string[];
}

export interface Interval {
  from: string;
  to?: string;
}

export interface Kind {
  name: string;
  label: string;
  plural: string;
  doc: string;
  layer?: number;
}

export interface LinkChange {
  op: string;
  type: string;
  source: string;
  target: string;
  brought?: Cause[];
}

export interface LinkTypeView {
  name: string;
  relation: string;
  source: string;
  target: string;
  doc: string;
}

export interface LinkView {
  type: string;
  source: string;
  target: string;
  through?: string[];
  routed?: boolean;
  network?: string[] | null;
  state?: string;
  observed?: boolean | null;
}

export interface Links {
  items: LinkView[];
  freshness: Freshness;
  next?: string;
}

export interface LogIn {
  name: string;
  password: string;
}

export interface LogOut {
}

export interface LookView {
  source: string;
  host: string;
  status: "aborted" | "completed" | "failed" | "partial" | "running" | "waiting";
  done?: number;
  total?: number;
  current?: string;
  seconds?: number;
  records?: number;
}

export interface LostTunnel {
  id: string;
  name: string;
  host: string;
  until: string;
}

export interface MadePassword {
  password: string;
  about: UserView;
}

export interface Map {
  objects: MapObject[];
  link_types: string[];
  links: MapLink[];
  freshness: Freshness;
}

export type MapLink = [number, number, number];

export type MapObject = [string, string, string, string, string, number, string, string, string, string, number[] | null];

export interface MessageList {
  items: MessageView[];
  total: number;
  levels: Record<string, number>;
}

export interface MessageView {
  id: string;
  environment: string;
  level: "alert" | "crit" | "debug" | "error" | "info" | "notice" | "panic" | "warn";
  source_system: "Calipso" | "Kubernetes" | "OpenStack" | "Sensu";
  message: string;
  timestamp: string;
  received_timestamp: string;
  finished_timestamp?: string;
  count?: number;
  viewed?: boolean;
  related_object?: string;
  related_object_type?: string;
  display_context?: string;
  origin_id?: string;
  origin_type?: string;
  places?: string[];
}

export interface MessagesChanged {
  environment: string;
  changed: number;
}

export interface Model {
  kinds: Kind[];
  link_types: LinkTypeView[];
  clique_types: CliqueTypeView[];
  common: string[];
  hover: Record<string, string[]>;
  constraints?: ConstraintView[];
}

export interface Node {
  id: string;
  kind: string;
  type: string;
  name: string;
  host: string;
  state?: string;
}

export interface NodeRule {
  id: string;
  action: "create" | "update";
  metadata: Record<string, unknown>;
  query?: string;
  name?: string;
  description?: string;
}

export interface Nothing {
}

export interface ObjectDifference {
  op: string;
  id: string;
  kind: string;
  host: string;
  name: string;
  fields?: Field[];
  brought?: Cause[];
}

export interface ObjectView {
  id: string;
  kind: string;
  type: string;
  name: string;
  host: string;
  environment: string;
  state?: string;
  parent?: string;
  networks?: string[] | null;
  media?: string[];
  aliases?: string[];
  attributes?: Record<string, unknown>;
  facets?: Record<string, FacetView> | null;
  metrics?: Record<string, number> | null;
  valid_from?: string | null;
}

export interface Objects {
  items: ObjectView[];
  freshness: Freshness;
  total: number;
  next?: string;
}

export interface OneScan {
  environment?: string;
  id?: string;
}

export interface OneUser {
  name: string;
}

export interface OpenDemo {
}

export interface OpenStackAccess {
  cloud?: string;
  region?: string;
  interface?: string;
  clouds?: string;
  auth_url?: string;
  user?: string;
  password?: string;
  project?: string;
  domain?: string;
  verify?: boolean;
}

export interface OriginalCounts {
  type: string;
  aggregates: Record<string, Record<string, number>>;
  env_name?: string;
}

export interface OriginalDocuments {
  collection: string;
  key: string;
  items: Record<string, unknown>[];
  next?: string;
}

export interface Packet {
  payload?: string;
  size?: number;
  increment?: number;
  icmp_id?: number;
  ttl?: number;
}

export interface PacketFile {
  packets: number;
  flows: number;
  truncated: boolean;
  pcap: string;
  missing?: string[];
}

export interface PacketsImported {
  packets: number;
  flows: number;
  damage?: string;
}

export interface Parameter {
  name: string;
  type?: "boolean" | "choice" | "date" | "integer" | "node" | "number" | "string";
  description?: string;
  default?: unknown;
  values?: unknown[];
}

export interface PointView {
  node: string;
  state: string;
  engine: string;
  counts: CaptureCounts;
  flows: number;
  reason?: string;
}

export interface Probed {
  target: string;
  place: string;
  status: string;
  seconds: number;
  reason: string;
  error?: string;
  field?: string;
  hint?: string;
}

export interface Progress {
  done: number;
  total: number;
  seconds: number;
  looks: LookView[];
}

export interface PutAlert {
  expression: string;
  name?: string;
  description?: string;
  trigger?: string;
  action?: string;
  id?: string;
  create?: boolean;
  environment?: string;
}

export interface PutEdgeRule {
  source: string;
  target: string;
  metadata: Record<string, unknown>;
  name?: string;
  description?: string;
  id?: string;
  environment?: string;
}

export interface PutEnvironment {
  text: string;
  test?: boolean;
}

export interface PutNodeRule {
  metadata: Record<string, unknown>;
  action?: "create" | "update";
  query?: string;
  name?: string;
  description?: string;
  id?: string;
  environment?: string;
}

export interface PutScanSchedule {
  recurrence: "cron" | "daily" | "hourly" | "monthly" | "once" | "weekly" | "yearly";
  environment?: string;
  id?: string;
  at?: string;
  cron?: string;
  zone?: string;
  enabled?: boolean;
  object_id?: string;
  only?: "" | "cliques" | "inventory" | "links";
  clear?: boolean;
  inventory?: string;
}

export interface PutUserEdge {
  parent: string;
  child: string;
  metadata: Record<string, unknown>;
  id?: string;
  create?: boolean;
  environment?: string;
}

export interface PutUserNode {
  metadata: Record<string, unknown>;
  id?: string;
  host?: string;
  create?: boolean;
  environment?: string;
}

export interface PutWorkflow {
  name: string;
  source: string;
  title?: string;
  abstract?: string;
  description?: string;
  parameters?: Parameter[];
  id?: string;
  create?: boolean;
  environment?: string;
}

export interface Query {
  query: string;
  environment?: string;
  at?: string;
  limit?: number;
  timeout?: number;
  drawing?: "" | "dot" | "graphml";
}

export interface QueryAnswer {
  kind: string;
  items: unknown[];
  freshness: Freshness;
  truncated?: boolean;
  valid?: Interval[][] | null;
  drawing?: string;
}

export interface Ran {
  status: "done" | "failed";
  result?: unknown;
  error?: string;
  line?: number;
  log?: string[];
}

export interface RemoveAdded {
  id: string;
}

export interface RemoveAlert {
  id: string;
  environment?: string;
}

export interface RemoveCapture {
  id: string;
  environment?: string;
}

export interface RemoveEnvironment {
  environment: string;
  purge?: boolean;
}

export interface RemoveInjection {
  id: string;
  environment?: string;
}

export interface RemoveScanSchedule {
  id: string;
  environment?: string;
}

export interface RemoveUserTopology {
  what: "edge_rules" | "edges" | "fabric" | "node_rules" | "nodes";
  id: string;
  environment?: string;
}

export interface RemoveWorkflow {
  id: string;
  environment?: string;
}

export interface Removed {
  removed: number;
}

export interface RevokeToken {
  name: string;
}

export interface RotateSecrets {
}

export interface RunError {
  where: string;
  message: string;
}

export interface Scan {
  environment?: string;
  object_id?: string;
  only?: "" | "cliques" | "inventory" | "links";
  clear?: boolean;
  inventory?: string;
  queue?: boolean;
}

export interface ScanError {
  source: string;
  host: string;
  place: string;
  where: string;
  message: string;
}

export interface ScanList {
  items: ScanView[];
  total: number;
}

export interface ScanResult {
  environment: string;
  status: string;
  objects: number;
  errors: RunError[];
  id?: string;
  reason?: string;
}

export interface ScanScheduleList {
  items: ScanScheduleView[];
}

export interface ScanScheduleView {
  id: string;
  environment: string;
  recurrence: "cron" | "daily" | "hourly" | "monthly" | "once" | "weekly" | "yearly";
  submit_timestamp: string;
  scheduled_timestamp?: string;
  at?: string;
  cron?: string;
  zone?: string;
  enabled?: boolean;
  last_timestamp?: string;
  last_scan?: string;
  runs?: number;
  skipped?: number;
  object_id?: string;
  only?: string;
  clear?: boolean;
  inventory?: string;
}

export interface ScanView {
  id: string;
  environment: string;
  status: "aborted" | "completed" | "completed_with_errors" | "draft" | "failed" | "pending" | "running";
  submit_timestamp: string;
  start_timestamp?: string;
  end_timestamp?: string;
  object_id?: string;
  only?: string;
  clear?: boolean;
  inventory?: string;
  schedule?: string;
  reason?: string;
  progress?: Progress | null;
  errors?: ScanError[];
  findings?: Finding[];
  as_of?: string;
  objects?: number;
  links?: number;
  kinds?: Record<string, number>;
  cliques?: Record<string, number>;
  corrected?: number;
  cleared?: string[];
  scopes?: string[];
}

export interface ScheduleView {
  host: string;
  source: string;
  mode: string;
  state: string;
  interval: number;
  failures: number;
  began: string;
  ended: string;
  next: string;
  error: string;
}

export interface Schedules {
  items: ScheduleView[];
}

export interface ScopeView {
  scope: string;
  source: string;
  host: string;
  part: string;
  status: string;
  stale: boolean;
  seen: number;
  began?: string;
  ended?: string;
  completed?: string;
  errors?: RunError[];
}

export interface Search {
  text: string;
  kind?: string;
  environment?: string;
  at?: string;
  limit?: number;
}

export interface SearchAnswer {
  read_as: "address" | "address_prefix" | "id" | "mac" | "name" | "query";
  hits: Hit[];
  total: number;
  freshness: Freshness;
}

export interface SecretsRotated {
  environments: string[];
  key: string;
}

export interface SharedNetwork {
  id: string;
  name: string;
  network_type: string;
  segmentation_id: number | null;
  carried: string;
}

export interface SnmpAccess {
  address: string;
  port?: number;
  community?: string;
  user?: string;
  auth_key?: string;
  auth_protocol?: string;
  priv_key?: string;
  priv_protocol?: string;
}

export interface Sources {
  items: ScopeView[];
}

export interface Sql {
  sql: string;
  environment?: string;
  at?: string;
  limit?: number;
  timeout?: number;
}

export interface SqlAccess {
  host: string;
  port?: number;
  user?: string;
  password?: string;
  tls?: "off" | "preferred" | "required" | "verify";
  ca?: string;
  cert?: string;
  key?: string;
  connect_timeout?: number;
}

export interface SqlAnswer {
  columns: string[];
  types: string[];
  rows: unknown[][];
  freshness: Freshness;
  truncated?: boolean;
}

export interface Ssh {
  host?: string;
  port?: number;
  user?: string;
  keys?: string[];
  agent?: boolean;
  password?: string;
  passphrase?: string;
  jump?: string[];
  config?: string;
  known_hosts?: string;
  sudo_password?: string;
  commands?: number;
  connect_timeout?: number;
  largest_mib?: number;
}

export interface Stage {
  lost_ab?: number | null;
  lost_ba?: number | null;
  loss_unknown?: string;
  delay?: number | null;
  round_trip?: number | null;
  delay_unknown?: string;
  between?: string[] | null;
  not_captured?: string[];
  routed?: boolean;
  translated?: string;
}

export interface StartScan {
  environment?: string;
  object_id?: string;
  only?: "" | "cliques" | "inventory" | "links";
  clear?: boolean;
  inventory?: string;
  queue?: boolean;
  draft?: boolean;
  id?: string;
}

export interface SupportedEnvironment {
  type: string;
  distribution: string;
  version: string;
  mechanism_driver: string;
  type_driver: string;
  features: ("listening" | "monitoring" | "scanning")[];
  evidence: "declared only" | "lab" | "recording";
  proof: string;
}

export interface SupportedEnvironments {
  items: SupportedEnvironment[];
}

export interface TestConnections {
  environment?: string;
  text?: string;
  sections?: Record<string, unknown>[];
  targets?: string[];
  timeout?: number;
}

export interface TokenView {
  name: string;
  scopes: ("admin" | "agent" | "read" | "write")[];
  created: string;
  expires: string;
  expired: boolean;
}

export interface Tokens {
  items: TokenView[];
}

export interface Tree {
  root: Branch;
  freshness: Freshness;
}

export interface Tried {
  host: string;
  source: string;
  status: string;
  seconds: number;
  records: number;
  errors: RunError[];
}

export interface TryEnvironment {
  environment?: string;
  text?: string;
}

export interface Tunnel {
  type: string;
  source: string;
  target: string;
  state: string;
  evidence: string;
  through?: string[];
  lost?: LostTunnel[];
}

export interface Unknown {
  type: string;
  source: string;
  target: string;
  reason: string;
}

export interface UserEdge {
  id: string;
  parent: string;
  child: string;
  metadata: Record<string, unknown>;
  created?: string;
}

export interface UserList {
  items: UserView[];
}

export interface UserNode {
  id: string;
  metadata: Record<string, unknown>;
  host?: string;
  created?: string;
}

export interface UserTopology {
  nodes: UserNode[];
  edges: UserEdge[];
  node_rules: NodeRule[];
  edge_rules: EdgeRule[];
  fabric: FabricText[];
  problems?: string[];
}

export interface UserTopologyExported {
  text: string;
}

export interface UserTopologyImported {
  nodes: number;
  edges: number;
  node_rules: number;
  edge_rules: number;
  fabric: number;
}

export interface UserView {
  name: string;
  role: "admin" | "operator" | "viewer";
  created: string;
  once: string;
  seen: string;
  sessions: number;
}

export interface ViewMessages {
  environment?: string;
  ids?: string[];
  viewed?: boolean;
}

export interface WhoAmI {
}

export interface Workflow {
  id: string;
  name: string;
  source: string;
  title?: string;
  abstract?: string;
  description?: string;
  parameters?: Parameter[];
  shipped?: boolean;
}

export interface WorkflowRemoved {
  id: string;
}

export interface Workflows {
  items: Workflow[];
}

export interface Operations {
  get_objects: { method: "GET"; path: "objects"; request: GetObjects; response: Objects };
  count_objects: { method: "GET"; path: "counts"; request: CountObjects; response: Counts };
  get_links: { method: "GET"; path: "links"; request: GetLinks; response: Links };
  get_tree: { method: "GET"; path: "tree"; request: GetTree; response: Tree };
  get_clique: { method: "GET"; path: "clique"; request: GetClique; response: CliqueView };
  get_history: { method: "GET"; path: "history"; request: GetHistory; response: History };
  get_diff: { method: "GET"; path: "diff"; request: GetDiff; response: DiffView };
  get_map: { method: "GET"; path: "map"; request: GetMap; response: Map };
  get_density: { method: "GET"; path: "density"; request: GetDensity; response: Density };
  search: { method: "GET"; path: "search"; request: Search; response: SearchAnswer };
  get_model: { method: "GET"; path: "model"; request: GetModel; response: Model };
  query: { method: "GET"; path: "query"; request: Query; response: QueryAnswer };
  sql: { method: "GET"; path: "sql"; request: Sql; response: SqlAnswer };
  get_sources: { method: "GET"; path: "sources"; request: GetSources; response: Sources };
  get_environments: { method: "GET"; path: "environments"; request: Nothing; response: Environments };
  get_supported_environments: { method: "GET"; path: "supported-environments"; request: GetSupportedEnvironments; response: SupportedEnvironments };
  get_agents: { method: "GET"; path: "agents"; request: Nothing; response: Agents };
  put_environment: { method: "POST"; path: "environments"; request: PutEnvironment; response: EnvironmentTaken };
  open_demo: { method: "POST"; path: "environments/demo"; request: OpenDemo; response: EnvironmentTaken };
  remove_environment: { method: "POST"; path: "environments/remove"; request: RemoveEnvironment; response: EnvironmentRemoved };
  try_environment: { method: "POST"; path: "environments/try"; request: TryEnvironment; response: EnvironmentTried };
  test_connections: { method: "POST"; path: "environments/connections"; request: TestConnections; response: ConnectionsTested };
  get_schedule: { method: "GET"; path: "schedule"; request: GetSchedule; response: Schedules };
  scan: { method: "POST"; path: "scan"; request: Scan; response: ScanResult };
  start_scan: { method: "POST"; path: "scans/start"; request: StartScan; response: ScanView };
  get_scans: { method: "GET"; path: "scans"; request: GetScans; response: ScanList };
  cancel_scan: { method: "POST"; path: "scans/cancel"; request: CancelScan; response: ScanView };
  show_scan: { method: "GET"; path: "scans/show"; request: OneScan; response: ScanView };
  put_scan_schedule: { method: "POST"; path: "scans/schedules"; request: PutScanSchedule; response: ScanScheduleView };
  enable_scan_schedule: { method: "POST"; path: "scans/schedules/enable"; request: EnableScanSchedule; response: ScanScheduleView };
  get_scan_schedules: { method: "GET"; path: "scans/schedules"; request: GetScanSchedules; response: ScanScheduleList };
  remove_scan_schedule: { method: "POST"; path: "scans/schedules/remove"; request: RemoveScanSchedule; response: ScanScheduleView };
  get_messages: { method: "GET"; path: "messages"; request: GetMessages; response: MessageList };
  view_messages: { method: "POST"; path: "messages/view"; request: ViewMessages; response: MessagesChanged };
  delete_messages: { method: "POST"; path: "messages/delete"; request: DeleteMessages; response: MessagesChanged };
  rotate_secrets: { method: "POST"; path: "secrets/rotate"; request: RotateSecrets; response: SecretsRotated };
  export: { method: "GET"; path: "export"; request: Export; response: Exported };
  import: { method: "POST"; path: "import"; request: Import; response: Imported };
  create_capture: { method: "POST"; path: "captures"; request: CreateCapture; response: CaptureView };
  get_captures: { method: "GET"; path: "captures"; request: GetCaptures; response: CaptureList };
  remove_capture: { method: "POST"; path: "captures/remove"; request: RemoveCapture; response: CaptureList };
  inject_packet: { method: "POST"; path: "injections"; request: InjectPacket; response: InjectionView };
  get_injections: { method: "GET"; path: "injections"; request: GetInjections; response: InjectionList };
  remove_injection: { method: "POST"; path: "injections/remove"; request: RemoveInjection; response: InjectionView };
  get_flows: { method: "GET"; path: "flows"; request: GetFlows; response: FlowList };
  get_flow_path: { method: "GET"; path: "flows/path"; request: GetFlowPath; response: FlowPath };
  get_original: { method: "GET"; path: "original"; request: GetOriginal; response: OriginalDocuments };
  count_original: { method: "GET"; path: "original/counts"; request: CountOriginal; response: OriginalCounts };
  add_clique_type: { method: "POST"; path: "clique-types"; request: AddCliqueType; response: Added };
  add_clique_constraint: { method: "POST"; path: "clique-constraints"; request: AddCliqueConstraint; response: Added };
  remove_added: { method: "POST"; path: "clique-types/remove"; request: RemoveAdded; response: Added };
  get_user_topology: { method: "GET"; path: "user-topology"; request: GetUserTopology; response: UserTopology };
  put_user_node: { method: "POST"; path: "user-topology/nodes"; request: PutUserNode; response: UserNode };
  put_user_edge: { method: "POST"; path: "user-topology/edges"; request: PutUserEdge; response: UserEdge };
  put_node_rule: { method: "POST"; path: "user-topology/node-rules"; request: PutNodeRule; response: NodeRule };
  put_edge_rule: { method: "POST"; path: "user-topology/edge-rules"; request: PutEdgeRule; response: EdgeRule };
  remove_user_topology: { method: "POST"; path: "user-topology/remove"; request: RemoveUserTopology; response: Removed };
  import_user_topology: { method: "POST"; path: "user-topology/import"; request: ImportUserTopology; response: UserTopologyImported };
  export_user_topology: { method: "GET"; path: "user-topology/export"; request: GetUserTopology; response: UserTopologyExported };
  get_alerts: { method: "GET"; path: "alerts"; request: GetAlerts; response: Alerts };
  put_alert: { method: "POST"; path: "alerts"; request: PutAlert; response: AlertView };
  remove_alert: { method: "POST"; path: "alerts/remove"; request: RemoveAlert; response: AlertRemoved };
  get_firings: { method: "GET"; path: "alerts/firings"; request: GetFirings; response: Firings };
  get_workflows: { method: "GET"; path: "workflows"; request: GetWorkflows; response: Workflows };
  put_workflow: { method: "POST"; path: "workflows"; request: PutWorkflow; response: Workflow };
  call_workflow: { method: "POST"; path: "workflows/call"; request: CallWorkflow; response: Ran };
  remove_workflow: { method: "POST"; path: "workflows/remove"; request: RemoveWorkflow; response: WorkflowRemoved };
  export_flows: { method: "GET"; path: "flows/export"; request: ExportFlows; response: FlowFile };
  import_packets: { method: "POST"; path: "flows/import"; request: ImportPackets; response: PacketsImported };
  get_packets: { method: "GET"; path: "flows/packets"; request: GetPackets; response: PacketFile };
  get_tokens: { method: "GET"; path: "tokens"; request: GetTokens; response: Tokens };
  create_token: { method: "POST"; path: "tokens/create"; request: CreateToken; response: CreatedToken };
  revoke_token: { method: "POST"; path: "tokens/revoke"; request: RevokeToken; response: Tokens };
  who_am_i: { method: "GET"; path: "me"; request: WhoAmI; response: Caller };
  get_users: { method: "GET"; path: "users"; request: GetUsers; response: UserList };
  create_user: { method: "POST"; path: "users/create"; request: CreateUser; response: MadePassword };
  change_password: { method: "POST"; path: "password"; request: ChangePassword; response: CreatedToken };
  log_in: { method: "POST"; path: "login"; request: LogIn; response: CreatedToken };
  log_out: { method: "POST"; path: "logout"; request: LogOut; response: Caller };
  change_role: { method: "POST"; path: "users/role"; request: ChangeRole; response: UserList };
  reset_password: { method: "POST"; path: "users/reset"; request: OneUser; response: MadePassword };
  remove_user: { method: "POST"; path: "users/remove"; request: OneUser; response: UserList };
  get_audit: { method: "GET"; path: "audit"; request: GetAudit; response: Audit };
}

export const WAYS: { [K in keyof Operations]: ["GET" | "POST", string] } = {
  get_objects: ["GET", "objects"],
  count_objects: ["GET", "counts"],
  get_links: ["GET", "links"],
  get_tree: ["GET", "tree"],
  get_clique: ["GET", "clique"],
  get_history: ["GET", "history"],
  get_diff: ["GET", "diff"],
  get_map: ["GET", "map"],
  get_density: ["GET", "density"],
  search: ["GET", "search"],
  get_model: ["GET", "model"],
  query: ["GET", "query"],
  sql: ["GET", "sql"],
  get_sources: ["GET", "sources"],
  get_environments: ["GET", "environments"],
  get_supported_environments: ["GET", "supported-environments"],
  get_agents: ["GET", "agents"],
  put_environment: ["POST", "environments"],
  open_demo: ["POST", "environments/demo"],
  remove_environment: ["POST", "environments/remove"],
  try_environment: ["POST", "environments/try"],
  test_connections: ["POST", "environments/connections"],
  get_schedule: ["GET", "schedule"],
  scan: ["POST", "scan"],
  start_scan: ["POST", "scans/start"],
  get_scans: ["GET", "scans"],
  cancel_scan: ["POST", "scans/cancel"],
  show_scan: ["GET", "scans/show"],
  put_scan_schedule: ["POST", "scans/schedules"],
  enable_scan_schedule: ["POST", "scans/schedules/enable"],
  get_scan_schedules: ["GET", "scans/schedules"],
  remove_scan_schedule: ["POST", "scans/schedules/remove"],
  get_messages: ["GET", "messages"],
  view_messages: ["POST", "messages/view"],
  delete_messages: ["POST", "messages/delete"],
  rotate_secrets: ["POST", "secrets/rotate"],
  export: ["GET", "export"],
  import: ["POST", "import"],
  create_capture: ["POST", "captures"],
  get_captures: ["GET", "captures"],
  remove_capture: ["POST", "captures/remove"],
  inject_packet: ["POST", "injections"],
  get_injections: ["GET", "injections"],
  remove_injection: ["POST", "injections/remove"],
  get_flows: ["GET", "flows"],
  get_flow_path: ["GET", "flows/path"],
  get_original: ["GET", "original"],
  count_original: ["GET", "original/counts"],
  add_clique_type: ["POST", "clique-types"],
  add_clique_constraint: ["POST", "clique-constraints"],
  remove_added: ["POST", "clique-types/remove"],
  get_user_topology: ["GET", "user-topology"],
  put_user_node: ["POST", "user-topology/nodes"],
  put_user_edge: ["POST", "user-topology/edges"],
  put_node_rule: ["POST", "user-topology/node-rules"],
  put_edge_rule: ["POST", "user-topology/edge-rules"],
  remove_user_topology: ["POST", "user-topology/remove"],
  import_user_topology: ["POST", "user-topology/import"],
  export_user_topology: ["GET", "user-topology/export"],
  get_alerts: ["GET", "alerts"],
  put_alert: ["POST", "alerts"],
  remove_alert: ["POST", "alerts/remove"],
  get_firings: ["GET", "alerts/firings"],
  get_workflows: ["GET", "workflows"],
  put_workflow: ["POST", "workflows"],
  call_workflow: ["POST", "workflows/call"],
  remove_workflow: ["POST", "workflows/remove"],
  export_flows: ["GET", "flows/export"],
  import_packets: ["POST", "flows/import"],
  get_packets: ["GET", "flows/packets"],
  get_tokens: ["GET", "tokens"],
  create_token: ["POST", "tokens/create"],
  revoke_token: ["POST", "tokens/revoke"],
  who_am_i: ["GET", "me"],
  get_users: ["GET", "users"],
  create_user: ["POST", "users/create"],
  change_password: ["POST", "password"],
  log_in: ["POST", "login"],
  log_out: ["POST", "logout"],
  change_role: ["POST", "users/role"],
  reset_password: ["POST", "users/reset"],
  remove_user: ["POST", "users/remove"],
  get_audit: ["GET", "audit"],
};
