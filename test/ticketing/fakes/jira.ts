import type { FakeVendor, Kept } from "../adapter-contract.ts";
import { type Heard, openFakeServer, type Said } from "../fake-server.ts";
import { readingOf } from "./jira-document.ts";
import { faultOf, mistakesOf } from "./jira-schema.ts";

type Json = Record<string, unknown>;

export interface FakeTransition {
  readonly id: string;
  readonly name: string;
  readonly to: string;
  /** From any status when it is left out. */
  readonly from?: string;
  readonly fields?: Readonly<
    Record<string, { readonly name: string; readonly required: boolean; readonly hasDefaultValue?: boolean }>
  >;
}

export interface FakeIssue {
  readonly id: string;
  readonly key: string;
  fields: Json;
  status: string;
  readonly properties: Json;
  readonly comments: unknown[];
  /** Searches that it is not in yet. */
  hiddenFor: number;
}

export interface FakeJira extends FakeVendor {
  readonly issues: FakeIssue[];
  /** Those of the workflow; a test may change them. */
  transitions: readonly FakeTransition[];
  /** Statuses in which an issue can't be edited (jira.issue.editable). */
  readonly locked: Set<string>;
  lag(searches: number): void;
}

export const CATEGORY: Readonly<Record<string, string>> = {
  "To Do": "new",
  "In Progress": "indeterminate",
  "In Review": "indeterminate",
  Done: "done",
  "Won't Do": "done",
};
const WORKFLOW: readonly FakeTransition[] = [
  { id: "11", name: "To Do", to: "To Do" },
  { id: "21", name: "In Progress", to: "In Progress" },
  { id: "31", name: "Done", to: "Done" },
];
const CLOUD = "11223344-a1b2-3b33-c444-def123456789";
const FIELDS = /^(summary|description|labels|project|issuetype|priority|customfield_\d+)$/;
const MAX = 32_767;

/** A site of Jira Cloud with one project, reached by its own address and by Atlassian's gateway. */
export async function openJira(secret: Readonly<Record<string, string>>): Promise<FakeJira> {
  const issues: FakeIssue[] = [];
  const tokens = new Set<string>();
  const locked = new Set<string>();
  let lagging = 0;
  const links = new Set<string>();
  let given = 0;

  const answer = (asked: Heard): Said => {
    const url = new URL(asked.path, "http://site");
    const body = asked.body === "" ? undefined : (JSON.parse(asked.body) as Json);
    if (url.pathname === "/oauth/token") return giveToken(body ?? {});
    if (!isKnown(String(asked.headers.authorization)))
      return {
        status: 401,
        body: { errorMessages: ["Client must be authenticated to access this resource."], errors: {} },
      };
    const gateway = `/ex/jira/${CLOUD}`;
    const path = url.pathname.replace(gateway, "").replace("/rest/api/3", "");
    if (secret.clientId !== undefined && !url.pathname.startsWith(gateway)) return { status: 404, body: "" };
    if (path === "/search")
      return { status: 410, body: { errorMessages: ["The requested API has been removed."], errors: {} } };
    if (path === "/search/jql") return search(body ?? {});
    if (path === "/issue") return create(body ?? {});
    if (path === "/issueLink") return link(body ?? {});
    const [, id, rest = ""] = /^\/issue\/([^/]+)(\/.*)?$/.exec(path) ?? [];
    const issue = issues.find((each) => each.id === id || each.key === id);
    if (issue === undefined) return failed(404, ["Issue does not exist or you do not have permission to see it."]);
    if (rest === "" && asked.method === "GET") return { status: 200, body: shown(issue, ["status"]) };
    if (rest === "" && asked.method === "PUT") return edit(issue, body ?? {});
    if (rest === "/comment") return comment(issue, body ?? {});
    if (rest === "/transitions")
      return asked.method === "POST"
        ? transit(issue, body ?? {})
        : transitionsOf(issue, url.searchParams.get("expand") === "transitions.fields");
    return { status: 404, body: "" };
  };

  const giveToken = (body: Json): Said => {
    const { grant_type, client_id, client_secret } = body;
    if (grant_type !== "client_credentials" || client_id !== secret.clientId || client_secret !== secret.clientSecret)
      return { status: 401, body: { error: "access_denied", error_description: "Unauthorized" } };
    const token = `token-${++given}`;
    tokens.add(token);
    return {
      status: 200,
      body: { access_token: token, expires_in: 3_600, token_type: "Bearer", scope: "read:jira-work write:jira-work" },
    };
  };
  const isKnown = (header: string): boolean =>
    header.startsWith("Basic ")
      ? secret.email !== undefined &&
        Buffer.from(header.slice(6), "base64").toString("utf8") === `${secret.email}:${secret.token}`
      : tokens.has(header.replace(/^Bearer /, ""));

  const create = ({ fields, properties = [] }: Json): Said => {
    const sent = fields as Json;
    if ((sent.project as Json)?.key !== "SEC") return failed(400, [], { project: "valid project is required" });
    const type = sent.issuetype as Json;
    if (type?.name !== "Task" && type?.id !== "10001")
      return failed(400, [], { issuetype: "Specify a valid issue type" });
    const fault = faultOfFields(sent);
    if (fault) return fault;
    const id = String(10_000 + issues.length);
    const issue: FakeIssue = {
      id,
      key: `SEC-${issues.length + 1}`,
      fields: sent,
      status: "To Do",
      properties: Object.fromEntries((properties as Json[]).map(({ key, value }) => [String(key), value])),
      comments: [],
      hiddenFor: lagging,
    };
    issues.push(issue);
    return { status: 201, body: { id, key: issue.key, self: `https://example.atlassian.net/rest/api/3/issue/${id}` } };
  };

  /** The same link twice is one. */
  const link = ({ type, inwardIssue, outwardIssue }: Json): Said => {
    if ((type as Json)?.name !== "Relates")
      return failed(404, [`No issue link type with name '${(type as Json)?.name}' found.`]);
    const ends = [inwardIssue, outwardIssue].map((end) => issues.find(({ id }) => id === (end as Json)?.id));
    if (ends.includes(undefined)) return failed(404, ["Issue does not exist or you do not have permission to see it."]);
    links.add(ends.map((issue) => String((issue?.properties.cordon as Json)?.finding)).join(" "));
    return { status: 201 };
  };

  const edit = (issue: FakeIssue, { fields, transition }: Json): Said => {
    if (transition !== undefined) throw new Error("a transition is ignored here");
    if (locked.has(issue.status)) return failed(400, ["The issue is not editable."]);
    const fault = faultOfFields(fields as Json);
    if (fault) return fault;
    issue.fields = { ...issue.fields, ...(fields as Json) };
    return { status: 204 };
  };

  const comment = (issue: FakeIssue, { body }: Json): Said => {
    const fault = faultOf(body);
    if (fault !== undefined) return failed(400, [], { comment: `Comment body is not valid! ${fault}` });
    if (JSON.stringify(body).length > MAX) return failed(400, [], { comment: tooLong });
    issue.comments.push(body);
    return { status: 201, body: { id: String(issue.comments.length) } };
  };

  const search = ({ jql, maxResults, fields, properties }: Json): Said => {
    const [, project, label] =
      /^project = "([^"]*)" AND labels = "([^"]*)" ORDER BY created ASC$/.exec(String(jql)) ?? [];
    if (project === undefined) return failed(400, [`Error in the JQL Query: ${String(jql)}`]);
    const found = issues.filter((issue) => {
      if (issue.hiddenFor > 0) issue.hiddenFor--;
      else return project === "SEC" && (issue.fields.labels as string[]).includes(label ?? "");
      return false;
    });
    const page = found
      .slice(0, Number(maxResults))
      .map((issue) => shown(issue, fields as string[], properties as string[]));
    return { status: 200, body: { issues: page, isLast: true } };
  };

  const available = (issue: FakeIssue) => fake.transitions.filter(({ from = issue.status }) => from === issue.status);
  const transitionsOf = (issue: FakeIssue, hasFields: boolean): Said => ({
    status: 200,
    body: {
      expand: "transitions",
      transitions: available(issue).map(({ id, name, to, fields = {} }) => ({
        id,
        name,
        to: { name: to, statusCategory: { key: CATEGORY[to] } },
        isAvailable: true,
        ...(hasFields && { fields }),
      })),
    },
  });
  const transit = (issue: FakeIssue, { transition, fields = {} }: Json): Said => {
    const chosen = available(issue).find(({ id }) => id === (transition as Json)?.id);
    if (chosen === undefined) return failed(400, ["Transition id is not valid for this issue."]);
    const screen = chosen.fields ?? {};
    for (const [id, { name, required, hasDefaultValue }] of Object.entries(screen))
      if (required && !hasDefaultValue && !(id in (fields as Json)))
        return failed(400, [], { [id]: `${name} is required.` });
    for (const id of Object.keys(fields as Json))
      if (!(id in screen))
        return failed(400, [], {
          [id]: `Field '${id}' cannot be set. It is not on the appropriate screen, or unknown.`,
        });
    issue.status = chosen.to;
    issue.fields = { ...issue.fields, ...(fields as Json) };
    return { status: 204 };
  };

  const server = await openFakeServer(answer, mistakesOf);
  const fake: FakeJira = {
    server,
    url: server.url,
    settings: { project: "SEC", issueType: "Task", ...(secret.clientId !== undefined && { cloudId: CLOUD }) },
    secret,
    issues,
    locked,
    transitions: WORKFLOW,
    kept: () =>
      issues.map(({ fields, status, properties, comments }): Kept => {
        const notes = comments.map(readingOf);
        return {
          key: String((properties.cordon as Json)?.finding),
          state: CATEGORY[status] === "done" ? "resolved" : "open",
          title: String(fields.summary),
          text: [readingOf(fields.description), ...notes].join("\n\n"),
          notes,
        };
      }),
    linked: () => [...links].map((each) => each.split(" ") as [string, string]),
    clear: () => {
      links.clear();
      issues.length = 0;
      lagging = 0;
      locked.clear();
      fake.transitions = WORKFLOW;
    },
    lag: (searches) => {
      lagging = searches;
    },
    ...(secret.clientId !== undefined && { calm: ["none"], expireTokens: () => tokens.clear() }),
  };
  return fake;
}

const tooLong = "The entered text is too long. It exceeds the allowed limit of 32,767 characters.";

function faultOfFields(fields: Json): Said | undefined {
  const { summary, description, labels = [] } = fields;
  for (const name of Object.keys(fields))
    if (!FIELDS.test(name))
      return failed(400, [], {
        [name]: `Field '${name}' cannot be set. It is not on the appropriate screen, or unknown.`,
      });
  if (typeof summary !== "string" || summary.trim() === "")
    return failed(400, [], { summary: "You must specify a summary of the issue." });
  if (summary.length > 255) return failed(400, [], { summary: "Summary can't exceed 255 characters." });
  if (/[\r\n]/.test(summary))
    return failed(400, [], { summary: "The summary is invalid because it contains newline characters." });
  const fault = faultOf(description);
  if (fault !== undefined)
    return failed(400, [], { description: `Operation value must be an Atlassian Document: ${fault}` });
  if (JSON.stringify(description).length > MAX) return failed(400, [], { description: tooLong });
  const spaced = (labels as string[]).find((label) => /\s/.test(label));
  if (spaced !== undefined)
    return failed(400, [], { labels: `The label '${spaced}' contains spaces which is invalid.` });
  return undefined;
}

function shown(
  { id, key, fields, status, properties }: FakeIssue,
  names: readonly string[] = [],
  kinds: readonly string[] = [],
): Json {
  const all: Json = { ...fields, status: { name: status, statusCategory: { key: CATEGORY[status] } } };
  return {
    id,
    key,
    fields: Object.fromEntries(names.map((name) => [name, all[name]])),
    ...(kinds.length > 0 && {
      properties: Object.fromEntries(
        kinds.filter((kind) => kind in properties).map((kind) => [kind, properties[kind]]),
      ),
    }),
  };
}

function failed(status: number, errorMessages: readonly string[], errors: Json = {}): Said {
  return { status, body: { errorMessages, errors } };
}
