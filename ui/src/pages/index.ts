/** The pages there are. A page is a folder here and a row in this table: rail, keys and address follow from it. */
import type { ComponentType } from "preact";
import type { Operations } from "../api/types";
import { WAYS } from "../api/types";
import { AccessPage } from "./access";
import { AlertsPage } from "./alerts";
import { ChangesPage, ChangesPanel } from "./changes";
import { DashboardPage } from "./dashboard";
import { EnvironmentsPage, EnvironmentsPanel } from "./environments";
import { FlowsPage, FlowsPanel } from "./flows";
import { HelpPage } from "./help";
import { InventoryPage, InventoryPanel } from "./inventory";
import { MapPage, MapPanel } from "./map";
import { MessagesPage, MessagesPanel } from "./messages";
import { ModelPage } from "./model";
import { QueryPage, QueryPanel } from "./query";
import { ScansPage } from "./scans";
import { SourcesPage } from "./sources";
import { TreePage, TreePanel } from "./tree";

export interface Page {
  /** Also its path. */
  id: string;
  label: string;
  glyph: string;
  /** Second key after `g`. */
  key: string;
  /** The rail shows a line between sections. */
  section: number;
  main: ComponentType;
  /** The panel on the right, where a page has one. */
  panel?: ComponentType;
  /** Shown only where the server has this operation. */
  needs?: keyof Operations;
  /** Shown also while nothing is watched yet. */
  always?: boolean;
}

/** The section at the foot of the rail. */
export const LAST_SECTION = 9;

const ALL: readonly Page[] = [
  { id: "map", label: "Map", glyph: "ui-map", key: "m", section: 0, main: MapPage, panel: MapPanel },
  { id: "tree", label: "Tree", glyph: "ui-tree", key: "t", section: 0, main: TreePage, panel: TreePanel },
  { id: "dashboard", label: "Overview", glyph: "ui-target", key: "d", section: 0, main: DashboardPage },
  { id: "inventory", label: "Inventory", glyph: "ui-inventory", key: "i", section: 0, main: InventoryPage, panel: InventoryPanel, needs: "get_objects" },
  { id: "changes", label: "Changes", glyph: "ui-changes", key: "c", section: 0, main: ChangesPage, panel: ChangesPanel, needs: "get_diff" },
  { id: "flows", label: "Flows", glyph: "ui-flows", key: "f", section: 1, main: FlowsPage, panel: FlowsPanel, needs: "get_flows" },
  { id: "query", label: "Query", glyph: "ui-query", key: "q", section: 1, main: QueryPage, panel: QueryPanel, needs: "query" },
  { id: "messages", label: "Messages", glyph: "ui-messages", key: "n", section: 2, main: MessagesPage, panel: MessagesPanel, needs: "get_messages" },
  { id: "alerts", label: "Alerts", glyph: "ui-health", key: "a", section: 2, main: AlertsPage, needs: "get_alerts" },
  { id: "environments", label: "Environments", glyph: "ui-env", key: "e", section: 6, main: EnvironmentsPage, panel: EnvironmentsPanel, always: true },
  { id: "scans", label: "Scans", glyph: "ui-rec", key: "s", section: 6, main: ScansPage, always: true },
  { id: "sources", label: "Sources", glyph: "ui-sources", key: "r", section: 6, main: SourcesPage, always: true },
  { id: "model", label: "Model", glyph: "ui-model", key: "k", section: 6, main: ModelPage, always: true },
  { id: "access", label: "Access", glyph: "ui-user", key: "u", section: LAST_SECTION, main: AccessPage, always: true },
  { id: "help", label: "Help", glyph: "ui-help", key: "?", section: LAST_SECTION, main: HelpPage, always: true },
];

export const PAGES: readonly Page[] = ALL.filter((page) => !page.needs || page.needs in WAYS);
