/** What the OpenAPI document says of an operation, as far as people read it. Pure. */
interface Schema { $ref?: string; type?: string | string[]; enum?: unknown[]; items?: Schema; anyOf?: Schema[]; description?: string; default?: unknown; properties?: Record<string, Schema>; required?: string[]; const?: unknown }
interface Said {
  operationId?: string; summary?: string; description?: string; tags?: string[];
  parameters?: { name: string; required?: boolean; schema?: Schema; description?: string; example?: unknown }[];
  requestBody?: { content?: Record<string, { schema?: Schema; example?: unknown }> };
  responses?: Record<string, { content?: Record<string, { schema?: Schema; example?: unknown }> }>;
}
export interface Document { info?: { title?: string; version?: string }; paths?: Record<string, Record<string, Said>>; components?: { schemas?: Record<string, Schema> } }

export interface Told {
  name: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  fields: { name: string; type: string; required: boolean }[];
  asks: string;
  answers: string;
  curl: string;
}

export function operationsOf(document: Document): Told[] {
  const found: Told[] = [];
  for (const [path, ways] of Object.entries(document.paths ?? {})) {
    for (const [method, said] of Object.entries(ways)) {
      if (typeof said !== "object" || !said.responses) continue;
      const body = Object.values(said.requestBody?.content ?? {})[0];
      const schema = resolved(document, body?.schema);
      const fields = schema?.properties
        ? Object.entries(schema.properties).map(([name, each]) => ({ name, type: typed(each), required: schema.required?.includes(name) ?? false }))
        : (said.parameters ?? []).map((each) => ({ name: each.name, type: typed(each.schema ?? {}), required: each.required ?? false }));
      const answer = Object.values(said.responses["200"]?.content ?? {})[0];
      found.push({
        name: said.operationId ?? path, method: method.toUpperCase(), path, summary: said.summary ?? "", description: said.description ?? "", fields,
        asks: written(body?.example), answers: written(answer?.example), curl: curlOf(method, path, body?.example, said.parameters ?? []),
      });
    }
  }
  return found.sort((one, other) => one.path.localeCompare(other.path) || one.method.localeCompare(other.method));
}

function resolved(document: Document, schema: Schema | undefined): Schema | undefined {
  const name = schema?.$ref?.split("/").at(-1);
  return name ? document.components?.schemas?.[name] : schema;
}

function typed(schema: Schema): string {
  if (schema.$ref) return schema.$ref.split("/").at(-1) ?? "";
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map(typed).join(" | ");
  if (schema.items) return `list of ${typed(schema.items)}`;
  return Array.isArray(schema.type) ? schema.type.join(" | ") : schema.type ?? "anything";
}

function written(example: unknown): string {
  return example === undefined ? "" : JSON.stringify(example, null, 2);
}

function curlOf(method: string, path: string, body: unknown, parameters: { name: string; example?: unknown }[]): string {
  const given = parameters.filter((each) => each.example !== undefined && !String(path).includes(`{${each.name}}`)).flatMap((each) => (Array.isArray(each.example) ? each.example : [each.example]).map((value) => `${each.name}=${encodeURIComponent(String(value))}`));
  const address = `"$CALIPSO_URL${path}${given.length ? `?${given.join("&")}` : ""}"`;
  const head = `curl -H "Authorization: Bearer $CALIPSO_TOKEN"`;
  return method === "post" ? `${head} -H "Content-Type: application/json" \\\n  -d '${JSON.stringify(body ?? {})}' ${address}` : `${head} ${address}`;
}
