import * as z from "zod/mini";
import type { KnownControl, ParameterSpec } from "../../control.ts";
import { KEPT_CONTAINMENTS } from "../../journal/journal.ts";
import { FRAMEWORKS, parseCitation } from "./citations.ts";
import { INSTANT, parseInstant } from "./instants.ts";
import { accessKeys } from "./schema-access-keys.ts";
import { objects } from "./schema-objects.ts";
import { about, matching, name, names, some, text, upTo } from "./schema-parts.ts";
import { tickets } from "./schema-tickets.ts";

/**
 * The form of a policy file. Every object is closed: a misspelt key is an error, never silently without effect. The descriptions are the reference: editors show
 * them, and docs/policy-reference.md is made from them (scripts/generate.ts).
 *
 * Loaded only where YAML is read (the build, the command line, an override at run time), never for an ordinary event.
 */

const place = matching(
  /^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}(-[a-z]{3}-\d{1,2})?$/,
  "expected a Region or Local Zone such as eu-central-1 (no globs: eu-* would take in London and Zurich)",
);
const account = matching(/^\d{12}$/, "expected an account id of 12 digits, in quotes");
const instant = matching(
  INSTANT,
  "expected a time with seconds and an offset, such as 2026-12-31T23:59:59Z or 2026-12-31T23:59:59+01:00",
).check(
  z.refine((time) => !INSTANT.test(time) || parseInstant(time) !== undefined, { error: "there is no such time" }),
);
const expression = matching(/\S/, "expected a CEL expression");
const arnPattern = matching(
  /^arn:aws[a-z-]*:[^\s]+$/,
  "expected an ARN, in which * stands for any letters and ? for one",
);
const principal = matching(
  /^arn:aws[a-z-]*:(iam|sts)::[\d*]+:\S+$/,
  "expected the ARN of a principal, such as arn:aws:iam::111122223333:role/data-owner (* stands for any letters)",
);
const citation = text.check(
  z.refine((cited) => parseCitation(cited) !== undefined, {
    error: `expected a framework and what of it, such as "GDPR Art. 44"; known are ${FRAMEWORKS.join(", ")}`,
  }),
);
const mode = about(
  "`observe` only tells, `approve` asks a person first, `enforce` changes by itself what it may.",
  z.enum(["observe", "approve", "enforce"]),
);
const tag = z.strictObject({ key: text, value: z.string() });

const jurisdiction = z
  .strictObject({
    title: z.optional(about("For people.", text)),
    include: z.optional(
      about(
        "Presets, such as eu, eea, uk, ch, us, br, in: every Region and Local Zone in those countries. `cordon catalogue --jurisdictions` lists them.",
        names,
      ),
    ),
    regions: z.optional(about("Regions and Local Zones by name, in any partition.", some(place))),
  })
  .check(
    z.refine(({ include, regions }) => include !== undefined || regions !== undefined, {
      error: "expected include, regions or both",
    }),
  );

const setBy = about(
  "Who may set the tag. A tag that lets data go further counts only when this is known.",
  z.strictObject({
    principals: about("ARNs of principals; `*` stands for any letters.", some(principal)),
    enforcement: about(
      "`declared`: you vouch that live policies deny the tag to everybody else. `verify`: Cordon has to find that they do, and asks for approval where it can't.",
      z.enum(["declared", "verify"]),
    ),
  }),
);

const classification = z.strictObject({
  name: about("What findings, tickets and rules call it.", name),
  rank: about(
    "The higher, the more restrictive. Where several classes match, the highest counts; a class may not live where a lower one may not.",
    z.int(),
  ),
  residency: about(
    "Where it may live: jurisdictions (your own or presets), or `anywhere`.",
    z.union([z.literal("anywhere"), names], { error: 'expected "anywhere" or a list of jurisdictions' }),
  ),
  recognisedBy: z.optional(
    about("Tags of a resource, any of which gives its data this class.", z.array(z.strictObject({ tag }))),
  ),
  setBy: z.optional(setBy),
  loweredBy: z.optional(
    about(
      "Who may decide that data of this class is of a lower one after all. Nobody else lowers a class.",
      some(principal),
    ),
  ),
  citations: z.optional(about("What of the law this rests on; told in findings and tickets.", z.array(citation))),
});

const unit = z.strictObject({
  parent: z.optional(about("The unit that this one lies in.", name)),
  accounts: z.optional(about("Its accounts, without those of the units below it.", z.array(account))),
});

/** What narrows a rule. */
const scope = {
  accounts: z.optional(about("Accounts of the resource.", some(account))),
  units: z.optional(about("Organisational units of the resource's account, with those below them.", names)),
  regions: z.optional(about("Where the resource lies: Regions or jurisdictions.", some(name))),
  classifications: z.optional(about("Classes of the data.", names)),
  tags: z.optional(about("Tags that the resource carries, all of them.", some(tag))),
  resources: z.optional(about("ARNs of resources; `*` stands for any letters, `?` for one.", some(arnPattern))),
  to: z.optional(about("Where the data would go: Regions or jurisdictions.", some(name))),
  when: z.optional(about("A condition in CEL, which has to hold as well.", expression)),
  tagsSetBy: z.optional(
    about(
      "Who may set the tags that `tags` or `when` asks for. Required where they let data go further: in transfers, exceptions, and scopes of a lesser mode.",
      setBy,
    ),
  ),
};

const basis = about(
  "Why the law allows the transfer. A key or a tag alone is no legal basis.",
  z.strictObject({
    kind: about(
      "`adequacy` (GDPR Art. 45), `scc`: standard contractual clauses (Art. 46), `bcr`: binding corporate rules (Art. 47), `derogation` (Art. 49), or what another law has in their place.",
      z.enum(["adequacy", "scc", "bcr", "derogation"]),
    ),
    document: about("Where it is written down: decision, contract, entry in the register of transfers.", text),
  }),
);

const transferCondition = z.strictObject({
  trustedTag: z.optional(
    about(
      "Only data with this tag moves, and only those named set it.",
      z.strictObject({ ...tag._zod.def.shape, setBy }),
    ),
  ),
  replicaKey: z.optional(
    about(
      "The copies are encrypted with one of these customer keys, by the rule's own settings (which S3 applies to objects that are encrypted with KMS).",
      some(
        matching(
          /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/\S+$/,
          "expected the ARN of a KMS key, such as arn:aws:kms:us-west-2:111122223333:key/<id> (an alias can be pointed elsewhere)",
        ),
      ),
    ),
  ),
  pseudonymised: z.optional(
    about(
      "Only pseudonymised data moves: what lies below one of the prefixes, or carries the tag.",
      z
        .strictObject({
          prefixes: z.optional(
            some(matching(/\/$/, "expected a prefix that ends with / (masked would take in masked-not/ as well)")),
          ),
          tag: z.optional(z.strictObject({ ...tag._zod.def.shape, setBy })),
        })
        .check(
          z.refine(({ prefixes, tag: marked }) => (prefixes === undefined) !== (marked === undefined), {
            error: "expected either prefixes or a tag",
          }),
        ),
    ),
  ),
  approval: z.optional(about("A person approves each time.", z.literal(true))),
});

const transfer = z.strictObject({
  id: about("What decisions call it.", name),
  classifications: about("Which data.", names),
  from: z.optional(
    about("Where from: Regions or jurisdictions; from wherever the data may live when left out.", some(name)),
  ),
  to: about("Where to: Regions or jurisdictions.", some(name)),
  basis,
  conditions: z.optional(about("All of them have to hold.", z.array(transferCondition))),
  when: scope.when,
  tagsSetBy: scope.tagsSetBy,
  validFrom: z.optional(about("The transfer is allowed from this time on.", instant)),
  validUntil: z.optional(about("The transfer is no longer allowed from this time on.", instant)),
  citations: classification._zod.def.shape.citations,
});

/** Each kind of parameter as a schema. */
const PARAMETERS: Readonly<Record<ParameterSpec["type"], z.ZodMiniType>> = { accounts: some(account) };

function parametersOf({ parameters = {} }: KnownControl) {
  const shape = Object.entries(parameters).map(([key, { type, description }]) => [
    key,
    z.optional(about(description, PARAMETERS[type].check())),
  ]);
  return z.optional(about("What this control can be told.", z.strictObject(Object.fromEntries(shape))));
}

function controlOf(control: KnownControl) {
  const parameters = parametersOf(control);
  return about(
    `${control.title}.`,
    z.strictObject({
      mode: z.optional(mode),
      parameters,
      citations: classification._zod.def.shape.citations,
      scopes: z.optional(
        about(
          "Narrower rules. The most specific that matches wins: resources before tags, classifications, accounts, units, regions, to, when. Two that are equally specific and can both match are an error.",
          z.array(z.strictObject({ id: name, ...scope, mode: z.optional(mode), parameters })),
        ),
      ),
    }),
  );
}

const exception = z.strictObject({
  id: about("What decisions call it.", name),
  control: about("The control that is waived.", name),
  ...scope,
  parts: z.optional(about("Parts of the resource, such as ids of replication rules.", some(text))),
  reason: about("Why.", text),
  approver: about("Who decided: one of `limits.approvals.by`, where that is given.", text),
  ticket: about("Where it was asked for and discussed.", text),
  grantedAt: about("It holds from this time on.", instant),
  expiresAt: about(
    "It holds until, and not at, this time; at most `limits.exceptions.maxDays` after it was granted.",
    instant,
  ),
});

/**
 * Waits are bounded by how long the queue keeps delivering (deploy/functions.ts), so that what waits is still contained; a tug of war is
 * remembered for `KEPT_CONTAINMENTS` rounds.
 */
const limits = z.strictObject({
  settleWindowSeconds: z.optional(
    about("After a write, a read equal to the state before it may be stale for so long. 30 unless given.", upTo(600)),
  ),
  flips: z.optional(
    about(
      "Contained `count` times within the window, a finding is contained at most once an interval. 3 in 60 minutes, then every 60 seconds, unless given.",
      z.strictObject({ count: upTo(KEPT_CONTAINMENTS), windowMinutes: upTo(1440), cappedIntervalSeconds: upTo(600) }),
    ),
  ),
  automaticChanges: z.optional(
    about(
      "The blast radius: more changes than this of one control in one account on one principal's account are a storm. In it what could break an application waits for a person, and what only stops data from leaving goes on, one change each `cappedIntervalSeconds`. Critical controls may make `reserve` changes more. It is over when nothing was to be changed for `quietMinutes`, or somebody says so. 50 in 60 minutes, 25 more, 5 seconds and 30 minutes unless given.",
      z.strictObject({
        count: upTo(100_000),
        windowMinutes: upTo(1440),
        reserve: z.optional(upTo(100_000)),
        cappedIntervalSeconds: z.optional(upTo(600)),
        quietMinutes: z.optional(upTo(1440)),
      }),
    ),
  ),
  exceptions: z.optional(
    about(
      "How long exceptions last: those granted at run time unless they say otherwise, and the most that any may. 24 hours and 30 days unless given.",
      z.strictObject({ defaultHours: upTo(8760), maxDays: upTo(366) }),
    ),
  ),
  approvals: z.optional(
    about(
      "Who may decide what waits for a person (ARNs; anybody who may call Cordon when left out), and how many hours a decision is waited for (72 unless given).",
      z.strictObject({ by: z.optional(some(principal)), validHours: z.optional(upTo(8760)) }),
    ),
  ),
  brake: z.optional(
    about(
      "Who may put the brake on and take it off (`cordon brake`); those who may approve when left out.",
      z.strictObject({ by: some(principal) }),
    ),
  ),
});

const person = z
  .strictObject({
    name: about("What evidence and tickets call the person.", name),
    principals: z.optional(
      about(
        "ARNs of users and sessions, such as arn:aws:sts::111122223333:assumed-role/data-owner/alice; `*` stands for any letters. You vouch that nobody else can use them.",
        some(principal),
      ),
    ),
    sourceIdentities: z.optional(about("Source identities of sessions (STS SourceIdentity).", some(text))),
    slack: z.optional(
      about(
        "Members of Slack, as the workspace's id and the member's.",
        some(
          matching(
            /^T[A-Z0-9]+\/[UW][A-Z0-9]+$/,
            "expected a workspace's and a member's id, such as T012AB3CD/U045EF6GH",
          ),
        ),
      ),
    ),
  })
  .check(
    z.refine(
      ({ principals, sourceIdentities, slack }) =>
        principals !== undefined || sourceIdentities !== undefined || slack !== undefined,
      { error: "expected principals, sourceIdentities or slack" },
    ),
  );

/**
 * The schema for the controls that exist.
 *
 * @param controls what policies may name, with the parameters each takes
 */
export function policySchema(controls: readonly KnownControl[]) {
  const byId = Object.fromEntries(controls.map((control) => [control.id, z.optional(controlOf(control))]));
  return about(
    "A residency policy: where each class of data may live, and what Cordon may do when it doesn't.",
    z.strictObject({
      version: about("The version of this language.", z.literal(1)),
      name: about("What decisions and tickets call this policy.", name),
      description: z.optional(text),
      jurisdictions: z.optional(
        about("Sets of Regions and Local Zones under one law, besides the presets.", z.record(name, jurisdiction)),
      ),
      // The journal compares a class with all below it in one condition, which takes a hundred names.
      classifications: about(
        "Classes of data and where each may live.",
        some(classification).check(z.maxLength(50, { error: "expected at most 50 entries" })),
      ),
      unclassified: z.optional(
        about(
          "What data is treated as that nobody has classified. Left out, a person decides each time.",
          z.strictObject({ treatAs: name }),
        ),
      ),
      organizationalUnits: z.optional(
        about(
          "Units that scopes may name, with their accounts: a decision rests on what is written here and not on where somebody moves an account.",
          z.record(name, unit),
        ),
      ),
      transfers: z.optional(
        about(
          "Where data may go beyond its residency, on which legal basis and under which conditions.",
          z.array(transfer),
        ),
      ),
      controls: z.optional(about("What each control may do, and where it may do less or more.", z.strictObject(byId))),
      exceptions: z.optional(about("Waivers of a control for a scope and a time.", z.array(exception))),
      objects: z.optional(
        about(
          "How S3 objects get a class of their own, written onto them as the tag that recognises the class. Left out, an object has its bucket's.",
          objects,
        ),
      ),
      accessKeys: z.optional(
        about(
          "How long access keys of IAM users live, and what is done about those that are exposed. Left out, the defaults hold; the controls' modes say what is done by itself.",
          accessKeys(setBy),
        ),
      ),
      tickets: z.optional(
        about(
          "What tickets say, when people are told, and where they go, as far as the law lets them.",
          tickets(account, citation),
        ),
      ),
      people: z.optional(
        about(
          "Who is who. Nobody decides about what he caused, so it has to be known who is behind a session: by its source identity, by its name (`namedSessions`), or by this. A pipeline is named here, too.",
          z.array(person),
        ),
      ),
      namedSessions: z.optional(
        about(
          "Sessions whose names tell who is in them, such as Identity Center's: arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_*/*. You vouch that nobody can choose such a name, nor make a role that is called so.",
          some(principal),
        ),
      ),
      limits: z.optional(about("How much, how fast and by whose leave.", limits)),
    }),
  );
}

export type PolicyDocument = z.infer<ReturnType<typeof policySchema>>;
export type ScopeDocument = Pick<z.infer<typeof exception>, keyof typeof scope>;
export type TransferDocument = z.infer<typeof transfer>;
export type ExceptionDocument = z.infer<typeof exception>;
export type ClassificationDocument = z.infer<typeof classification>;
export type ControlDocument = {
  readonly mode?: z.infer<typeof mode> | undefined;
  readonly parameters?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly citations?: readonly string[] | undefined;
  readonly scopes?:
    | readonly (ScopeDocument & {
        readonly id: string;
        readonly mode?: z.infer<typeof mode> | undefined;
        readonly parameters?: Readonly<Record<string, readonly string[]>> | undefined;
      })[]
    | undefined;
};
