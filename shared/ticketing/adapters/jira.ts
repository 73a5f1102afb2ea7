import { asObject, asText, parseJson } from "../../signals/shapes.ts";
import { type Authorisation, authorisedSender } from "../authorised.ts";
import { expectGood, jsonOf } from "../http.ts";
import { fillIn, hasPlaceholder, mapSetting, PLACEHOLDER_NAMES, textSetting } from "../placeholders.ts";
import type { Ticket } from "../ticket.ts";
import {
  type AdapterDefinition,
  type Change,
  DeliveryError,
  type HttpAnswer,
  type HttpRequest,
  type Remote,
  refusedFor,
  type Setting,
  type Tracker,
} from "../tracker.ts";
import { descriptionOf, noteOf, titleOf } from "./jira-text.ts";
import { chooseTransition, type Wanted } from "./jira-transitions.ts";

const GATEWAY = "https://api.atlassian.com/ex/jira";
const TOKENS = "https://auth.atlassian.com/oauth/token";
const PROPERTY = "cordon";
/** Nobody promises how far the search lags behind; people report minutes. */
const SEARCH_LAG_MS = 300_000;

type Settings = Readonly<Record<string, Setting>>;

/**
 * Jira Cloud: one issue a finding. It carries the finding's id as a label, which can be searched, and as an entity property, which a clone of it lacks.
 *
 * The search lags behind what is written, by seconds and at times minutes, and Jira takes no idempotency key. `reconcileIssues` makes it look at the issues themselves,
 * by ids, and of an issue whose opening was never answered there is none. So after such an opening `find` may miss what is there: who would open again has to wait.
 *
 * @see https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/ issues, transitions
 * @see https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-links/ links
 * @see https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile what the search promises
 * @see https://support.atlassian.com/user-management/docs/create-oauth-2-0-credential-for-service-accounts/ OAuth client credentials
 */
export const jira: AdapterDefinition = {
  name: "jira",
  url: { use: "required", meaning: "the site, such as https://example.atlassian.net" },
  secret: {
    email: "of the account; with token",
    token: "an API token of the account",
    clientId: "instead: of a service account's OAuth 2.0 credential; with clientSecret and the setting cloudId",
    clientSecret: "of the OAuth 2.0 credential",
  },
  settings: {
    project: { type: "text", isRequired: true, meaning: "key of the project, such as SEC" },
    issueType: { type: "text", isRequired: true, meaning: "name or id of the issue type, such as Task" },
    cloudId: {
      type: "text",
      meaning:
        "id of the site, for OAuth and for API tokens with scopes: requests then go by https://api.atlassian.com",
    },
    labels: { type: "list", meaning: "further labels, without spaces" },
    priorities: { type: "map", meaning: 'severity and the name of its priority, such as { critical: "Highest" }' },
    fields: {
      type: "map",
      meaning: `further fields and their values, such as { customfield_10010: "{account}" }; what is JSON is sent as JSON: '{"value": "{severity}"}'. Placeholders are ${PLACEHOLDER_NAMES}. Values with one are kept up to date, others are written once`,
    },
    resolvedStatus: {
      type: "text",
      meaning: "name of the status of what is resolved; any of the category Done when left out",
    },
    reopenedStatus: {
      type: "text",
      meaning: "name of the status of what is there again; any of the category To Do or else In Progress when left out",
    },
    linkType: {
      type: "text",
      meaning: 'name of the link between tickets from one cause; "Relates" when it is left out',
    },
    resolveFields: {
      type: "map",
      meaning: `what the transition's screen asks for, such as { resolution: '{"name": "Done"}' }`,
    },
    reopenFields: { type: "map", meaning: "the same for what is there again" },
  },
  example: { secret: { email: "cordon@example.com", token: "token" }, settings: { project: "SEC", issueType: "Task" } },
  make({ id: route, url = "", settings }, ports): Tracker {
    const site = url.replace(/\/+$/, "");
    const cloudId = textSetting(settings.cloudId);
    const base = `${cloudId === undefined ? site : `${GATEWAY}/${encodeURIComponent(cloudId)}`}/rest/api/3`;
    const send = authorisedSender(ports, (credentials) => authorisationOf(credentials, cloudId));
    const ask = async (what: string, method: HttpRequest["method"], path: string, body?: unknown) => {
      const answer = await send({
        method,
        url: `${base}${path}`,
        headers: { accept: "application/json", ...(body !== undefined && { "content-type": "application/json" }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      // Somebody else changes it at this moment.
      if (answer.status === 409) throw new DeliveryError("later", `${what}: status 409`);
      return expectGood(answer, what, ports.nowMs());
    };
    const isDone = async (id: string, what: string): Promise<boolean> => {
      const issue = jsonOf(await ask(what, "GET", `${pathOf(id)}?fields=status`), what);
      const status = asObject(asObject(asObject(issue)?.fields)?.status);
      const category = asText(asObject(status?.statusCategory)?.key);
      if (category === undefined) throw lacking(what, "status");
      return category === "done";
    };
    const move = async (id: string, wanted: Wanted, what: string): Promise<HttpAnswer> => {
      const path = `${pathOf(id)}/transitions`;
      const answer = jsonOf(await ask(what, "GET", `${path}?expand=transitions.fields`), what);
      const { id: transition, fields } = chooseTransition(answer, wanted, what);
      return ask(what, "POST", path, { transition: { id: transition }, fields });
    };

    return {
      findLagMs: SEARCH_LAG_MS,
      async find(key) {
        const what = `looking for the issue of ${key}`;
        const jql = `project = "${quoted(settings.project)}" AND labels = "${quoted(labelOf(key))}" ORDER BY created ASC`;
        const query = { jql, maxResults: 10, fields: ["labels"], properties: [PROPERTY] };
        const answer = asObject(jsonOf(await ask(what, "POST", "/search/jql", query), what));
        if (!Array.isArray(answer?.issues)) throw lacking(what, "issues");
        const found = answer.issues.map((each) => ({ issue: asObject(each), ...issueOf(each, what) }));
        const own = found.find(({ issue }) => asObject(asObject(issue?.properties)?.[PROPERTY])?.finding === key);
        if (own === undefined) return undefined;
        // The index may know an older status.
        const state = (await isDone(own.id, what)) ? "resolved" : "open";
        return { id: own.id, url: `${site}/browse/${own.key}`, state };
      },

      async open(ticket) {
        const what = `opening the issue of ${ticket.key}`;
        const answer = await ask(what, "POST", "/issue", {
          fields: { ...onceOf(settings, ticket), ...textOf(settings, ticket) },
          properties: [{ key: PROPERTY, value: { finding: ticket.key, route } }],
        });
        const { id, key } = issueOf(jsonOf(answer, what), what);
        return { id, url: `${site}/browse/${key}`, state: "open" };
      },

      async change(remote, ticket, change) {
        const what = `changing the issue of ${ticket.key}`;
        const write = () => ask(what, "PUT", pathOf(remote.id), { fields: textOf(settings, ticket) });
        if (change.kind === "update") await write();
        // A workflow may lock what is done: its text is written while it is open.
        else if (change.kind === "resolve") {
          if (await isDone(remote.id, what)) await write().catch(letLocked);
          else {
            await write();
            await move(remote.id, wantedBy(change, settings, ticket), what);
          }
        } else {
          if (await isDone(remote.id, what)) await move(remote.id, wantedBy(change, settings, ticket), what);
          await write();
        }
        if (change.note !== undefined)
          await ask(what, "POST", `${pathOf(remote.id)}/comment`, { body: noteOf(ticket, change.note) });
        const state: Remote["state"] = change.kind === "resolve" ? "resolved" : "open";
        return change.kind === "update" ? remote : { ...remote, state };
      },

      // Jira makes one link of the same asked for twice.
      async linkToParent(child, parent) {
        await ask(`linking issue ${child.id} to its parent`, "POST", "/issueLink", {
          type: { name: textSetting(settings.linkType) ?? "Relates" },
          inwardIssue: { id: child.id },
          outwardIssue: { id: parent.id },
        });
      },
    };
  },
};

function wantedBy(change: Change, settings: Settings, ticket: Ticket): Wanted {
  const isOver = change.kind === "resolve";
  const fieldsSetting = isOver ? "resolveFields" : "reopenFields";
  return {
    categories: isOver ? ["done"] : ["new", "indeterminate"],
    status: textSetting(isOver ? settings.resolvedStatus : settings.reopenedStatus),
    fields: filled(Object.entries(mapSetting(settings[fieldsSetting])), ticket),
    fieldsSetting,
  };
}

/** What is written when an issue is opened, and is people's from then on. */
function onceOf(settings: Settings, ticket: Ticket): Readonly<Record<string, unknown>> {
  const type = textSetting(settings.issueType) ?? "Task";
  const priority = mapSetting(settings.priorities)[ticket.severity];
  const labels = Array.isArray(settings.labels) ? settings.labels : [];
  const fields = Object.entries(mapSetting(settings.fields)).filter(([, value]) => !hasPlaceholder(value));
  return {
    ...filled(fields, ticket),
    project: { key: textSetting(settings.project) },
    issuetype: /^\d+$/.test(type) ? { id: type } : { name: type },
    ...(priority !== undefined && { priority: { name: priority } }),
    labels: [labelOf(ticket.key), "cordon", ...labels],
  };
}

function textOf(settings: Settings, ticket: Ticket): Readonly<Record<string, unknown>> {
  const fields = Object.entries(mapSetting(settings.fields)).filter(([, value]) => hasPlaceholder(value));
  return { ...filled(fields, ticket), summary: titleOf(ticket), description: descriptionOf(ticket) };
}

function filled(fields: readonly (readonly [string, string])[], ticket: Ticket): Readonly<Record<string, unknown>> {
  return Object.fromEntries(fields.map(([name, value]) => [name, fieldValue(value, ticket)]));
}

/** Placeholders are filled in after the JSON is read: what they stand for can't add to it. */
function fieldValue(template: string, ticket: Ticket): unknown {
  const parsed = /^[[{]/.test(template) ? parseJson(template) : { ok: false as const };
  const fill = (value: unknown): unknown => {
    if (typeof value === "string") return fillIn(value, ticket);
    if (Array.isArray(value)) return value.map(fill);
    const members = asObject(value);
    return members === undefined
      ? value
      : Object.fromEntries(Object.entries(members).map(([name, member]) => [name, fill(member)]));
  };
  return fill(parsed.ok ? parsed.value : template);
}

/** A label has no spaces. */
function labelOf(key: string): string {
  return `cordon-${key.replace(/\s+/g, "-")}`;
}

function quoted(value: Setting | undefined): string {
  return (textSetting(value) ?? "").replace(/["\\]/g, "\\$&");
}

function pathOf(id: string): string {
  return `/issue/${encodeURIComponent(id)}`;
}

function letLocked(error: unknown): void {
  if (!(error instanceof DeliveryError) || error.kind !== "never") throw error;
}

function authorisationOf(credentials: Readonly<Record<string, string>>, cloudId: string | undefined): Authorisation {
  const { email, token, clientId, clientSecret } = credentials;
  if (clientId && clientSecret) {
    if (cloudId === undefined)
      throw new DeliveryError("never", "OAuth client credentials need the setting cloudId: the id of the site");
    return {
      kind: "token",
      request: {
        method: "POST",
        url: TOKENS,
        headers: { accept: "application/json", "content-type": "application/json" },
        body: JSON.stringify({
          grant_type: "client_credentials",
          client_id: clientId,
          client_secret: clientSecret,
        }),
      },
    };
  }
  if (email && token) return { kind: "basic", user: email, password: token };
  throw refusedFor("the secret has neither email and token nor clientId and clientSecret");
}

function issueOf(value: unknown, what: string): { readonly id: string; readonly key: string } {
  const { id, key } = asObject(value) ?? {};
  if (typeof id !== "string" || !/^\d+$/.test(id)) throw lacking(what, "id");
  if (typeof key !== "string" || !/^[A-Z][A-Z0-9_]*-\d+$/.test(key)) throw lacking(what, "key");
  return { id, key };
}

function lacking(what: string, name: string): DeliveryError {
  return new DeliveryError("later", `${what}: the answer has no ${name}`);
}
