import { asObject } from "../../signals/shapes.ts";
import { type Authorisation, authorisedSender } from "../authorised.ts";
import { expectGood, jsonOf } from "../http.ts";
import { fillIn, hasPlaceholder, mapSetting, PLACEHOLDER_NAMES, textSetting } from "../placeholders.ts";
import type { Ticket } from "../ticket.ts";
import {
  type AdapterDefinition,
  type Change,
  DeliveryError,
  type HttpRequest,
  REFUSED_MS,
  type Remote,
  refusedFor,
  type Setting,
  type Tracker,
} from "../tracker.ts";
import { descriptionOf, inert, noteOf, titleOf } from "./servicenow-text.ts";

const TABLE = "/api/now/table/incident";
/** `state` of incidents: 1 New, 2 In Progress, 3 On Hold, 6 Resolved, 7 Closed, 8 Canceled. */
const IN_PROGRESS = "2";
const RESOLVED = "6";
const CLOSED = new Set(["7", "8"]);
const OVER = new Set([RESOLVED, ...CLOSED]);
/** Of impact and urgency: 1 High, 2 Medium, 3 Low. */
const WEIGHT: Readonly<Record<Ticket["severity"], string>> = { critical: "1", high: "2", medium: "2", low: "3" };

/**
 * ServiceNow: one incident a finding, by the Table API. The finding's id is the incident's `correlation_id`.
 *
 * @see https://www.servicenow.com/docs/r/api-reference/rest-apis/c_TableAPI.html the Table API
 * @see https://www.servicenow.com/docs/r/platform-security/authentication/client-credentials.html OAuth client credentials
 */
export const servicenow: AdapterDefinition = {
  name: "servicenow",
  url: { use: "required", meaning: "the instance, such as https://example.service-now.com" },
  secret: {
    clientId: "of OAuth client credentials; with clientSecret",
    clientSecret: "of OAuth client credentials",
    user: "instead of OAuth: the user's name; with password",
    password: "the user's password",
  },
  settings: {
    assignmentGroup: { type: "text", meaning: "sys_id of the group that incidents are assigned to" },
    caller: { type: "text", meaning: "sys_id of the user that incidents are opened for (caller_id)" },
    category: { type: "text", meaning: "value of the incident's category, such as software" },
    closeCode: {
      type: "text",
      meaning: 'value of close_code for resolved incidents; "Solution provided" when it is left out',
    },
    impact: { type: "map", meaning: "severity and its impact (1 to 3), such as { critical: 1 }" },
    urgency: { type: "map", meaning: "severity and its urgency (1 to 3), such as { high: 1 }" },
    fields: {
      type: "map",
      meaning: `further fields of the incident and their values, such as { u_account: "{account}" }; placeholders are ${PLACEHOLDER_NAMES}. Values with one are kept up to date, others are written once`,
    },
  },
  example: { secret: { user: "cordon", password: "password" }, settings: {} },
  make({ url = "", settings }, ports): Tracker {
    const base = url.replace(/\/+$/, "");
    const send = authorisedSender(ports, (credentials) => authorisationOf(base, credentials));
    const ask = async (
      what: string,
      method: HttpRequest["method"],
      path: string,
      query: Readonly<Record<string, string>>,
      record?: Readonly<Record<string, string>>,
    ): Promise<unknown> => {
      const search = new URLSearchParams({
        ...query,
        sysparm_fields: "sys_id,number,state,correlation_id,parent",
        sysparm_display_value: "false",
        ...(record && { sysparm_input_display_value: "false" }),
      });
      const answer = await send({
        method,
        url: `${base}${TABLE}${path}?${search}`,
        headers: { accept: "application/json", ...(record && { "content-type": "application/json" }) },
        ...(record && { body: JSON.stringify(record) }),
      });
      // A value that is missing comes with the status of a right that is.
      if (answer.status === 403 && /Data Policy Exception/i.test(answer.body))
        throw new DeliveryError("never", `${what}: status 403: ${answer.body.slice(0, 300)}`);
      return asObject(jsonOf(expectGood(answer, what, ports.nowMs()), what))?.result;
    };
    /** What is closed refuses every change, with the status of a right that is missing. */
    const orClosed = async (error: unknown, what: string, path: string): Promise<never> => {
      if (!(error instanceof DeliveryError) || error.retryAfterMs !== REFUSED_MS) throw error;
      const { state } = incidentOf(await ask(what, "GET", path, {}), what);
      if (CLOSED.has(state)) throw new DeliveryError("gone", error.message, { cause: error });
      throw error;
    };
    const remoteOf = ({ id, state }: Incident): Remote => ({
      id,
      url: `${base}/nav_to.do?uri=${encodeURIComponent(`incident.do?sys_id=${id}`)}`,
      state: OVER.has(state) ? "resolved" : "open",
    });

    return {
      async find(key) {
        const what = `looking for the incident of ${key}`;
        const found = await ask(what, "GET", "", {
          sysparm_query: `correlation_id=${key}^ORDERBYsys_created_on`,
          sysparm_limit: "1",
        });
        if (!Array.isArray(found)) throw lacking(what, "result");
        if (found.length === 0) return undefined;
        const incident = incidentOf(found[0], what);
        // ServiceNow leaves a condition out that it does not understand or allow, and then finds any incident.
        if (incident.key !== key)
          throw new DeliveryError("never", `${what}: found another; may the account read correlation_id?`);
        return remoteOf(incident);
      },

      async open(ticket) {
        const what = `opening the incident of ${ticket.key}`;
        const record = { ...onceOf(settings, ticket), ...textOf(settings, ticket) };
        const incident = incidentOf(await ask(what, "POST", "", {}, record), what);
        if (incident.key !== ticket.key)
          throw new DeliveryError("never", `${what}: correlation_id was not kept; may the account write it?`);
        return remoteOf(incident);
      },

      async change(remote, ticket, change) {
        const what = `changing the incident of ${ticket.key}`;
        const path = `/${encodeURIComponent(remote.id)}`;
        const state = change.kind === "update" ? undefined : incidentOf(await ask(what, "GET", path, {}), what).state;
        // Closed by people, and read-only from then on.
        if (change.kind === "resolve" && state !== undefined && CLOSED.has(state))
          return { ...remote, state: "resolved" };
        const wanted = stateFor(change, state, settings);
        const record = {
          ...textOf(settings, ticket),
          ...wanted,
          ...(change.note !== undefined && { work_notes: noteOf(change.note) }),
        };
        const incident = incidentOf(
          await ask(what, "PATCH", path, {}, record).catch((error) => orClosed(error, what, path)),
          what,
        );
        if (wanted.state !== undefined && incident.state !== wanted.state)
          throw new DeliveryError("never", `${what}: state ${wanted.state} was not kept, but ${incident.state}`);
        return change.kind === "update" ? { ...remoteOf(incident), state: remote.state } : remoteOf(incident);
      },

      // Not parent_incident: resolving the one would resolve the others with it, whatever becomes of them.
      async linkToParent(child, parent) {
        const what = `linking incident ${child.id} to its parent`;
        const path = `/${encodeURIComponent(child.id)}`;
        const { parent: above } = asObject(await ask(what, "GET", path, {})) ?? {};
        // It has one parent at most, and people's stays.
        if (above) return;
        const after = asObject(await ask(what, "PATCH", path, {}, { parent: parent.id }));
        if (!after?.parent) throw new DeliveryError("never", `${what}: parent was not kept; may the account write it?`);
      },
    };
  },
};

/** What is written with the state; nothing where the incident has it already, so that people's work on it stays. */
function stateFor(
  change: Change,
  state: string | undefined,
  settings: Readonly<Record<string, Setting>>,
): Readonly<Record<string, string>> {
  if (change.kind === "resolve" && state !== RESOLVED)
    return {
      state: RESOLVED,
      close_code: textSetting(settings.closeCode) ?? "Solution provided",
      close_notes: noteOf(change.note),
    };
  return change.kind === "reopen" && state !== undefined && OVER.has(state) ? { state: IN_PROGRESS } : {};
}

/** What is written when an incident is opened, and is people's from then on. */
function onceOf(settings: Readonly<Record<string, Setting>>, ticket: Ticket): Readonly<Record<string, string>> {
  const { severity } = ticket;
  const group = textSetting(settings.assignmentGroup);
  const caller = textSetting(settings.caller);
  const category = textSetting(settings.category);
  return {
    ...fieldsOf(settings, ticket, false),
    impact: mapSetting(settings.impact)[severity] ?? WEIGHT[severity],
    urgency: mapSetting(settings.urgency)[severity] ?? WEIGHT[severity],
    ...(group !== undefined && { assignment_group: group }),
    ...(caller !== undefined && { caller_id: caller }),
    ...(category !== undefined && { category }),
    correlation_id: ticket.key,
    correlation_display: "Cordon",
  };
}

function textOf(settings: Readonly<Record<string, Setting>>, ticket: Ticket): Readonly<Record<string, string>> {
  return {
    ...fieldsOf(settings, ticket, true),
    short_description: titleOf(ticket),
    description: descriptionOf(ticket),
  };
}

function fieldsOf(
  settings: Readonly<Record<string, Setting>>,
  ticket: Ticket,
  isChanging: boolean,
): Readonly<Record<string, string>> {
  const chosen = Object.entries(mapSetting(settings.fields)).filter(
    ([, value]) => hasPlaceholder(value) === isChanging,
  );
  return Object.fromEntries(chosen.map(([name, value]) => [name, inert(fillIn(value, ticket))]));
}

function authorisationOf(base: string, credentials: Readonly<Record<string, string>>): Authorisation {
  const { clientId, clientSecret, user, password } = credentials;
  if (clientId && clientSecret)
    return {
      kind: "token",
      request: {
        method: "POST",
        url: `${base}/oauth_token.do`,
        headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({
          grant_type: "client_credentials",
          client_id: clientId,
          client_secret: clientSecret,
        }).toString(),
      },
    };
  if (user && password) return { kind: "basic", user, password };
  throw refusedFor("the secret has neither clientId and clientSecret nor user and password");
}

interface Incident {
  readonly id: string;
  readonly state: string;
  readonly key: string;
}

function incidentOf(value: unknown, what: string): Incident {
  const { sys_id: id, state, correlation_id: key = "" } = asObject(value) ?? {};
  if (typeof id !== "string" || !/^[0-9a-f]{32}$/i.test(id)) throw lacking(what, "sys_id");
  if (typeof state !== "string" || state === "") throw lacking(what, "state");
  return { id, state, key: String(key) };
}

function lacking(what: string, name: string): DeliveryError {
  return new DeliveryError("later", `${what}: the answer has no ${name}`);
}
