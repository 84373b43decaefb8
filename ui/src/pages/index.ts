/** The pages there are. A page is a folder here and a row in this table: rail, keys and address follow from it. */
import type { ComponentType } from "preact";
import type { Operations } from "../api/types";
import { WAYS } from "../api/types";
import { AlertsPage } from "./alerts";
import { ChangesPage, ChangesPanel } from "./changes";
import { FlowsPage, FlowsPanel } from "./flows";
import { InventoryPage, InventoryPanel } from "./inventory";
import { MapPage, MapPanel } from "./map";
import { MessagesPage, MessagesPanel } from "./messages";
import { QueryPage, QueryPanel } from "./query";
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
}

const ALL: readonly Page[] = [
  { id: "map", label: "Map", glyph: "ui-map", key: "m", section: 0, main: MapPage, panel: MapPanel },
  { id: "tree", label: "Tree", glyph: "ui-tree", key: "t", section: 0, main: TreePage, panel: TreePanel },
  { id: "inventory", label: "Inventory", glyph: "ui-inventory", key: "i", section: 0, main: InventoryPage, panel: InventoryPanel, needs: "get_objects" },
  { id: "changes", label: "Changes", glyph: "ui-changes", key: "c", section: 0, main: ChangesPage, panel: ChangesPanel, needs: "get_diff" },
  { id: "flows", label: "Flows", glyph: "ui-flows", key: "f", section: 1, main: FlowsPage, panel: FlowsPanel, needs: "get_flows" },
  { id: "query", label: "Query", glyph: "ui-query", key: "q", section: 1, main: QueryPage, panel: QueryPanel, needs: "query" },
  { id: "messages", label: "Messages", glyph: "ui-messages", key: "e", section: 2, main: MessagesPage, panel: MessagesPanel, needs: "get_messages" },
  { id: "alerts", label: "Alerts", glyph: "ui-health", key: "a", section: 2, main: AlertsPage, needs: "get_alerts" },
];

export const PAGES: readonly Page[] = ALL.filter((page) => !page.needs || page.needs in WAYS);
