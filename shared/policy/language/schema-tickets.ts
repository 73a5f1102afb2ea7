import * as z from "zod/mini";
import { ADAPTERS } from "../../ticketing/tracker.ts";
import { RELEASABLE, TICKET_DEFAULTS } from "../tickets.ts";
import { about, matching, name, names, some, text, upTo } from "./schema-parts.ts";

const { quietMs, reopenMs, storm: given } = TICKET_DEFAULTS;
const MOST_PLAYBOOK = 2_000;
/** Nobody watches more places, and each is one more queue. */
const MOST_ROUTES = 50;

const timeOfDay = matching(
  /^([01]\d|2[0-3]):[0-5]\d$/,
  'expected a time of day in quotes, from "00:00" to "23:59", such as "20:00"',
);

const quietHours = z
  .strictObject({
    from: about("From this time of day on.", timeOfDay),
    to: about("Until, and not at, this one; over midnight where it is the earlier.", timeOfDay),
    timeZone: about("Whose clocks: a name of the IANA time zone database, such as Europe/Berlin.", text),
  })
  .check(z.refine(({ from, to }) => from !== to, { error: "expected two different times: from and to are the same" }));

const setting = z.union([z.string(), z.array(z.string()), z.record(z.string(), z.string())], {
  error: "expected a text, a list of texts, or a mapping of texts",
});

/** @param account the form of an account's id */
const route = (account: z.ZodMiniType<string>) =>
  z.strictObject({
    id: about("What tickets, logs and metrics call it.", name),
    adapter: about("What is at its end.", z.enum(ADAPTERS)),
    liesIn: about(
      "Where what is sent there is kept: jurisdictions, presets or Regions. Where the data of a finding may not live, its ticket is sent without what `elsewhere` does not let go.",
      z.union([name, names], { error: "expected the name of a jurisdiction, a preset or a Region, or a list of them" }),
    ),
    severities: z.optional(
      about("Findings of these severities only.", some(z.enum(["low", "medium", "high", "critical"]))),
    ),
    accounts: z.optional(about("Of resources in these accounts only.", some(account))),
    controls: z.optional(about("Of these controls only, Cordon's own matters among them.", names)),
    regions: z.optional(about("Of resources that lie there only: Regions or jurisdictions.", some(name))),
    classifications: z.optional(
      about("About data of these classes only, and about data whose class can't be told.", names),
    ),
    url: z.optional(about("The tracker's address: https, and without credentials.", text)),
    secret: z.optional(
      about(
        "Where its credentials are: a name or ARN of Secrets Manager, or `ssm:` and the name of a parameter.",
        matching(
          /^(ssm:\/?[\w.-]+(\/[\w.-]+)*|arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+|[\w/+=.@-]{1,512})$/,
          "expected the name or ARN of a secret of Secrets Manager, or ssm: and the name of a parameter; never the secret itself",
        ),
      ),
    ),
    settings: z.optional(about("What the adapter takes besides (see below).", z.record(z.string(), setting))),
  });

const clock = (citation: z.ZodMiniType<string>) =>
  z.strictObject({
    classifications: z.optional(about("Data of which classes; those of `personal` when left out.", names)),
    hours: about("So many hours from when somebody confirms awareness.", upTo(8_760)),
    citation: about('Which law, such as "GDPR Art. 33".', citation),
    playbook: z.optional(
      about(
        "What is to be done: an address, or a text.",
        text.check(z.maxLength(MOST_PLAYBOOK, { error: `expected at most ${MOST_PLAYBOOK} letters` })),
      ),
    ),
  });

/**
 * What tickets say, when, and where they go.
 *
 * @param account the form of an account's id
 * @param citation of what cites a law
 */
export const tickets = (account: z.ZodMiniType<string>, citation: z.ZodMiniType<string>) =>
  z.strictObject({
    quietMinutes: z.optional(
      about(
        `At most one note on a ticket in so many minutes, unless its state changes. ${quietMs / 60_000} unless given.`,
        upTo(10_080),
      ),
    ),
    reopenDays: z.optional(
      about(
        `The same problem within so many days opens the same ticket again; later a new one. ${reopenMs / 86_400_000} unless given.`,
        upTo(3_650),
      ),
    ),
    quietHours: z.optional(about("What is below critical waits until these hours are over.", quietHours)),
    storm: z.optional(
      about(
        `More tickets from one cause than this become one. ${given.count} within ${given.windowMs / 60_000} minutes unless given.`,
        z.strictObject({
          count: z.optional(about("So many of them.", upTo(500))),
          windowMinutes: z.optional(about("Within so many minutes.", upTo(1_440))),
        }),
      ),
    ),
    personal: z.optional(
      about(
        "Classes of personal data: that it may have crossed has to be assessed, from when it was seen first. Those of `clocks` are, too.",
        names,
      ),
    ),
    clocks: z.optional(
      about(
        "What laws ask of whoever is aware of a breach (`cordon aware`), and within which time.",
        z.array(clock(citation)).check(z.maxLength(20, { error: "expected at most 20 entries" })),
      ),
    ),
    elsewhere: z.optional(
      about(
        "What may go to routes that lie outside of where a finding's data may live. Control, severity, state, account, Region, id, times and what the law asks for always may; of the rest nothing, unless given.",
        z.array(z.enum(RELEASABLE)),
      ),
    ),
    routes: z.optional(
      about(
        "Where tickets go: to every route that a finding matches.",
        z.array(route(account)).check(z.maxLength(MOST_ROUTES, { error: `expected at most ${MOST_ROUTES} entries` })),
      ),
    ),
  });

export type TicketsDocument = z.infer<ReturnType<typeof tickets>>;
export type RouteDocument = NonNullable<TicketsDocument["routes"]>[number];
