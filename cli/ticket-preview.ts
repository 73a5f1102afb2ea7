import type { FindingRecord } from "../shared/journal/journal.ts";
import { didYouMean, unknownName } from "../shared/policy/language/problems.ts";
import type { ResidencyPolicy } from "../shared/policy/policy.ts";
import { type TicketRoute, ticketRules } from "../shared/policy/tickets.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import { adapters } from "../shared/ticketing/adapters/index.ts";
import { type Preview, previewOf, routeFor } from "../shared/ticketing/preview.ts";
import { holdUntilMs, liesWithin, routesOf } from "../shared/ticketing/routing.ts";
import { type Ticket, ticketFor, ticketOf } from "../shared/ticketing/ticket.ts";
import { ADAPTERS, type AdapterDefinition, type TrackerRoute } from "../shared/ticketing/tracker.ts";
import { command, exitCodes } from "./command.ts";
import { findingIdOf } from "./decide.ts";
import { JOURNAL_SETTINGS, openJournal } from "./journal.ts";
import { POLICY_SETTINGS, policyInUse } from "./policy-in-use.ts";
import { redactFinding } from "./redact.ts";
import { plain } from "./text.ts";

/** What is shown, and as what. */
interface Wanted {
  readonly route?: TicketRoute;
  /** Left out: as plain text. */
  readonly definition?: AdapterDefinition;
}

/** `cordon ticket preview`: what would be sent about a finding. */
export const ticketPreview = command(
  {
    name: "ticket preview",
    summary: "Shows the ticket of a finding as an adapter or a route of the policy would send it; nothing is sent",
    notes: `With --route the ticket is as that route may have it: what policy does not let go there is left out. With --adapter alone it is as the first route of that adapter
would send it, or, where policy has none, as one that lies where the finding's data may live. --adapter text is the text that every adapter sets in its own way.
Who, which keys and which tags are hidden unless --reveal is given; what is sent has them. The tracker's secret is not read: credentials stand as <names>.

You need dynamodb:GetItem on the table.

${JOURNAL_SETTINGS}
${POLICY_SETTINGS}

Exit code: 0 shown, 1 the adapter could not make a request of it, 2 it could not be run.`,
  },
  {
    finding: { type: "positional", description: "The finding's id, such as f-0123456789abcdef0123", required: true },
    adapter: { type: "string", description: `text, or one of ${ADAPTERS.join(", ")}`, valueHint: "name" },
    route: { type: "string", description: "A route of the policy's tickets.routes", valueHint: "id" },
    policy: { type: "string", description: "The policy's file", valueHint: "file" },
    json: { type: "boolean", description: "The same as JSON" },
    reveal: { type: "boolean", description: "Show also who, which keys and which tags" },
  },
  async (args) => {
    const id = findingIdOf(args.finding);
    const { policy } = await policyInUse(args.policy, process.env);
    const wanted = wantedIn(args, policy);
    const recorded = await openJournal(process.env).readFinding(id);
    if (recorded === undefined)
      throw new Error(`there is no finding ${id} that was ever more than compliant (cordon findings lists them)`);
    const finding = args.reveal ? recorded : redactFinding(recorded);
    const { route, definition } = wanted;
    const ticket = route === undefined ? ticketOf(finding, 0, policy) : ticketFor(finding, 0, route, policy);
    const nowMs = systemClock.nowMs();
    const tracked: TrackerRoute | undefined = definition && (route ?? routeFor(definition));
    const preview = definition && tracked && (await previewOf(definition, tracked, ticket, nowMs));
    const way = wayOf(recorded, wanted, policy, nowMs);
    process.stdout.write(
      args.json ? `${JSON.stringify({ ...way, ticket, ...preview }, null, 2)}\n` : describe(way, ticket, preview),
    );
    return preview?.stopped === undefined ? exitCodes.fine : exitCodes.wrong;
  },
);

/** Throws Error for a route or an adapter that there is not. Pure. */
function wantedIn(
  { adapter, route: id }: { readonly adapter?: string | undefined; readonly route?: string | undefined },
  policy: ResidencyPolicy,
): Wanted {
  const { routes } = ticketRules(policy);
  const named = routes.find((route) => route.id === id);
  if (id !== undefined && named === undefined)
    throw new Error(
      `--route: ${unknownName(
        "route",
        id,
        routes.map((route) => route.id),
      )}`,
    );
  const isText = adapter === "text" || (adapter === undefined && named === undefined);
  const name = isText ? undefined : ADAPTERS.find((each) => each === (adapter ?? named?.adapter));
  if (!isText && name === undefined)
    throw new Error(
      `--adapter: found "${adapter}"${didYouMean(adapter ?? "", ADAPTERS)}, expected text or one of ${ADAPTERS.join(", ")}`,
    );
  if (name !== undefined && named !== undefined && named.adapter !== name)
    throw new Error(`--adapter: found ${name}, expected text or ${named.adapter}: the route ${named.id} has that`);
  const definition = name === undefined ? undefined : adapters[name];
  if (name !== undefined && definition === undefined)
    throw new Error(`--adapter: ${unknownName("adapter", name, ["text", ...Object.keys(adapters)])}`);
  const route = named ?? routes.find((each) => each.adapter === name);
  return { ...(route !== undefined && { route }), ...(definition !== undefined && { definition }) };
}

/** How the ticket goes: by which routes, when, and whether whole. */
interface Way {
  readonly adapter: string;
  readonly route: string | null;
  /** It goes by the route that was asked for only if it matches. */
  readonly goesBy: readonly string[];
  readonly heldUntil: string | null;
  readonly isWhole: boolean;
}

function wayOf(finding: FindingRecord, { route, definition }: Wanted, policy: ResidencyPolicy, nowMs: number): Way {
  const heldMs = holdUntilMs(finding, policy, nowMs);
  return {
    adapter: definition?.name ?? "text",
    route: route?.id ?? null,
    goesBy: routesOf(finding, policy).map(({ id }) => id),
    heldUntil: heldMs === undefined ? null : new Date(heldMs).toISOString(),
    isWhole: route === undefined || liesWithin(route, finding, policy),
  };
}

function describe(
  { adapter, route, goesBy, heldUntil, isWhole }: Way,
  ticket: Ticket,
  preview: Preview | undefined,
): string {
  const by = route === null ? "no route of the policy's" : `route ${route}`;
  const head = [
    `As ${adapter}, by ${by}${isWhole ? "" : ", which lies where not all of it may go"}. It goes by ${goesBy.join(", ") || "no route of the policy"}${heldUntil === null ? "" : `, not before ${heldUntil}`}.`,
  ];
  const requests = preview?.requests ?? [];
  const lines =
    preview === undefined
      ? [ticket.title, "", ...ticket.body.split("\n")]
      : [
          ...requests.flatMap(({ method, url, body, isTicket }) =>
            isTicket ? ["", `${method} ${url}`, "", ...shownBody(body)] : [`Before it: ${method} ${url}`],
          ),
          ...(preview.stopped === undefined ? [] : [`It went no further: ${preview.stopped}`]),
        ];
  return `${[...head, ...(preview === undefined ? [""] : []), ...lines].map(plain).join("\n")}\n`;
}

/** JSON by lines; anything else as it is. */
function shownBody(body: string): readonly string[] {
  try {
    return JSON.stringify(JSON.parse(body), null, 2).split("\n");
  } catch {
    return body.split("\n");
  }
}
