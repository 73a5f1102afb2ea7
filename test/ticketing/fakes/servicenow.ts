import { createHash } from "node:crypto";
import type { FakeVendor, Kept } from "../adapter-contract.ts";
import { type Heard, openFakeServer, type Said } from "../fake-server.ts";
import { COLUMNS, mistakesOf } from "./servicenow-schema.ts";

/** An incident as the instance has it; journal fields keep entries, and are empty when they are read. */
interface Incident {
  readonly fields: Record<string, string>;
  readonly notes: string[];
}

export interface FakeServiceNow extends FakeVendor {
  readonly records: Map<string, Incident>;
  /** What the account may not write or read. */
  readonly hidden: Set<string>;
  /** A note or text as the activity stream of an instance in its base state shows it, in HTML, and who is told of it. */
  shown(text: string): { readonly html: string; readonly told: readonly string[] };
}

/** An instance with the Table API, OAuth client credentials and basic authentication; by `secret` tests choose. */
export async function openServiceNow(secret: Readonly<Record<string, string>>): Promise<FakeServiceNow> {
  const records = new Map<string, Incident>();
  const tokens = new Set<string>();
  const hidden = new Set<string>();
  let given = 0;

  const answer = (asked: Heard): Said => {
    const url = new URL(asked.path, "http://instance");
    if (url.pathname === "/oauth_token.do") return giveToken(asked);
    const { authorization = "" } = asked.headers;
    if (!isKnown(String(authorization)))
      return failure(401, "User Not Authenticated", "Required to provide Auth information");
    const [, id] = /^\/api\/now\/table\/incident(?:\/([0-9a-f]{32}))?$/.exec(url.pathname) ?? [];
    if (!url.pathname.startsWith("/api/now/table/incident")) return failure(400, "Invalid table", "");
    if (id === undefined)
      return asked.method === "POST" ? create(asked, url) : { status: 200, body: { result: query(url) } };
    const record = records.get(id);
    if (record === undefined)
      return failure(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval");
    return asked.method === "PATCH" ? write(record, asked, url) : { status: 200, body: { result: read(record, url) } };
  };

  const giveToken = ({ method, headers, body }: Heard): Said => {
    const form = new URLSearchParams(body);
    const isRight =
      method === "POST" &&
      headers["content-type"] === "application/x-www-form-urlencoded" &&
      form.get("grant_type") === "client_credentials" &&
      form.get("client_id") === secret.clientId &&
      form.get("client_secret") === secret.clientSecret;
    if (!isRight) return { status: 401, body: { error_description: "access_denied", error: "server_error" } };
    const token = `token-${++given}`;
    tokens.add(token);
    return {
      status: 200,
      body: { access_token: token, scope: "useraccount", token_type: "Bearer", expires_in: 1_799 },
    };
  };
  const isKnown = (header: string): boolean =>
    header.startsWith("Basic ")
      ? secret.user !== undefined &&
        Buffer.from(header.slice(6), "base64").toString("utf8") === `${secret.user}:${secret.password}`
      : tokens.has(header.replace(/^Bearer /, ""));

  const create = (asked: Heard, url: URL): Said => {
    const id = createHash("md5").update(`${records.size}`).digest("hex");
    const number = `INC${String(10_001 + records.size).padStart(7, "0")}`;
    const record = { fields: { sys_id: id, number, state: "1", correlation_id: "" }, notes: [] };
    const said = write(record, asked, url);
    if (said.status !== 200) return said;
    records.set(id, record);
    return { ...said, status: 201 };
  };

  const write = (record: Incident, { body }: Heard, url: URL): Said => {
    const sent = JSON.parse(body) as Record<string, string>;
    const after: Record<string, string> = { ...record.fields };
    for (const [name, value] of Object.entries(sent)) {
      if (typeof value !== "string") return failure(400, "Exception while reading request", "not a text");
      if (COLUMNS.has(name) && !hidden.has(name) && name !== "work_notes") after[name] = value;
    }
    if (after.state === "6" && (!after.close_code || !after.close_notes))
      return failure(
        403,
        "Operation Failed",
        "Data Policy Exception: The following fields are mandatory: Resolution code, Resolution notes",
      );
    if (record.fields.state === "7")
      return failure(403, "Operation Failed", "ACL Exception Update Failed due to security constraints");
    Object.assign(record.fields, after);
    if (sent.work_notes) record.notes.push(sent.work_notes);
    return { status: 200, body: { result: read(record, url) } };
  };

  const query = (url: URL): readonly unknown[] => {
    const conditions = (url.searchParams.get("sysparm_query") ?? "").split("^").filter((part) => part.includes("="));
    const found = [...records.values()].filter(({ fields }) =>
      conditions.every((condition) => {
        const [name = "", value] = condition.split("=");
        // A condition on what may not be read is left out.
        return hidden.has(name) || fields[name] === value;
      }),
    );
    return found.slice(0, Number(url.searchParams.get("sysparm_limit") ?? 10_000)).map((record) => read(record, url));
  };

  const read = ({ fields }: Incident, url: URL): Readonly<Record<string, string>> => {
    const names = (url.searchParams.get("sysparm_fields") ?? Object.keys(fields).join(",")).split(",");
    return Object.fromEntries(names.filter((name) => !hidden.has(name)).map((name) => [name, fields[name] ?? ""]));
  };

  const server = await openFakeServer(answer, mistakesOf);
  return {
    server,
    url: server.url,
    settings: { assignmentGroup: "8a4dde73c6112278017a6a4baf547aa7", category: "software" },
    secret,
    records,
    hidden,
    kept: () =>
      [...records.values()].map(
        ({ fields, notes }): Kept => ({
          key: fields.correlation_id ?? "",
          state: ["6", "7", "8"].includes(fields.state ?? "") ? "resolved" : "open",
          title: fields.short_description ?? "",
          text: [fields.description, ...notes, fields.close_notes ?? ""].join("\n\n"),
          notes,
        }),
      ),
    linked: () =>
      [...records.values()].flatMap(({ fields }) =>
        fields.parent
          ? [[fields.correlation_id ?? "", records.get(fields.parent)?.fields.correlation_id ?? ""] as const]
          : [],
      ),
    clear: () => {
      records.clear();
      hidden.clear();
    },
    ...(secret.clientId !== undefined && { calm: ["none"], expireTokens: () => tokens.clear() }),
    shown,
  };
}

/** `[code]` is shown as HTML, and bare addresses as links; everything else is escaped. */
function shown(text: string): { readonly html: string; readonly told: readonly string[] } {
  const html = text
    .split(/\[code\](.*?)\[\/code\]/gis)
    .map((part, at) => (at % 2 === 1 ? part : linked(escaped(part))))
    .join("");
  return { html, told: [...text.matchAll(/@\s?\[([^:\]]+):[^\]]*\]/g)].map(([, id]) => id ?? "") };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function linked(html: string): string {
  return html.replace(/(?:[a-z]+:\/\/|www\.|mailto:)[^\s]+/gi, (address) => `<a href="${address}">${address}</a>`);
}

function failure(status: number, message: string, detail: string): Said {
  return { status, body: { error: { message, detail }, status: "failure" } };
}
