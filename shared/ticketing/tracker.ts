import type { Ticket } from "./ticket.ts";

/** A ticket in a tracker, as the table remembers it. */
export interface Remote {
  /** The tracker's own id of it. */
  readonly id: string;
  /** Where a person reads it. */
  readonly url?: string;
  readonly state: "open" | "resolved";
  /** What else the adapter needs to find its way back: a channel, a thread. */
  readonly more?: Readonly<Record<string, string>>;
}

/** What becomes of a ticket that is there already. A note is told to whoever watches it; without one the text is brought up to date in silence. */
export type Change =
  | { readonly kind: "update"; readonly note?: string }
  | { readonly kind: "resolve"; readonly note: string }
  | { readonly kind: "reopen"; readonly note: string };

/**
 * The port of one ticketing system, by one route of the policy. When what is to be done, lifecycle.ts decides, for all trackers; an adapter knows how it is said to one.
 * Every method throws DeliveryError, and nothing else.
 */
export interface Tracker {
  /**
   * The ticket that carries a finding's id, whatever its state; undefined when there is none. Asked when the table does not know whether one was opened. Left out by
   * trackers that take the same opening twice and make one ticket of it, and by those that can't be searched.
   */
  find?(key: string): Promise<Remote | undefined>;
  /** For so long after an opening `find` may miss it: the index lags. */
  readonly findLagMs?: number;
  /** Opens a ticket that carries the finding's id, so that `find` finds it. */
  open(ticket: Ticket): Promise<Remote>;
  /** Doing the same twice may repeat a note, and nothing else. */
  change(remote: Remote, ticket: Ticket, change: Change): Promise<Remote>;
  /**
   * Links a ticket to the one that tells its storm, so that people see them together; of neither the state or the text changes. A parent that people have given it stays. Doing it
   * twice links them once, or repeats a note. Left out by trackers that know no such thing.
   */
  linkToParent?(child: Remote, parent: Remote): Promise<void>;
}

export const ADAPTERS = [
  "servicenow",
  "jira",
  "webhook",
  "slack",
  "pagerduty",
  "sns",
  "security-hub",
  "github",
] as const;
export type AdapterName = (typeof ADAPTERS)[number];

/** How names of secrets and parameters begin that hold trackers' credentials, and of topics that are trackers: Cordon may use no others. */
export const SECRETS = "cordon/tickets/";
export const TOPICS = "cordon-tickets-";

/** A value of a route's settings, as the policy has it. */
export type Setting = string | readonly string[] | Readonly<Record<string, string>>;

/** What an adapter takes from the policy, for its checks, its reference and editors. */
export interface SettingForm {
  /** `map`: names and texts. */
  readonly type: "text" | "list" | "map";
  readonly isRequired?: true;
  /** What it is for, with an example. */
  readonly meaning: string;
  /** The only values there are, of a text. */
  readonly oneOf?: readonly string[];
}

/** Where tickets go: one entry of the policy's `tickets.routes`, compiled. */
export interface TrackerRoute {
  readonly id: string;
  readonly adapter: AdapterName;
  /** The tracker's address, `https` and a host; left out where the adapter has one of its own. */
  readonly url?: string;
  /** The secret with its credentials: a name or ARN of Secrets Manager, or `ssm:` and the name of a parameter. */
  readonly secret?: string;
  readonly settings: Readonly<Record<string, Setting>>;
}

/** What is wrong with a route, and where. */
export interface RouteProblem {
  /** `url`, `secret`, or a setting's name; left out where something is missing. */
  readonly at?: string;
  readonly message: string;
}

/** One adapter, all that there is to know of it. */
export interface AdapterDefinition {
  readonly name: AdapterName;
  /** Whether a route has to name a `url`; `default` where there is one. */
  readonly url: { readonly use: "required" | "optional" | "none"; readonly meaning: string };
  /** The secret's members, with what each is; none when the adapter needs no secret. A secret is a JSON object of texts. */
  readonly secret: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, SettingForm>>;
  /** Credentials and settings as they could be, for previews; left out, what it needs is made up. */
  readonly example?: {
    readonly secret: Readonly<Record<string, string>>;
    readonly settings: Readonly<Record<string, Setting>>;
  };
  /**
   * What the policy's checks don't find by the forms alone: settings that contradict each other, or where the route lies. Asked only of a route that has the right forms. Pure.
   *
   * @param route with the Regions and Local Zones that `liesIn` stands for
   */
  check?(route: TrackerRoute & { readonly places: readonly string[] }): readonly RouteProblem[];
  make(route: TrackerRoute, ports: TrackerPorts): Tracker;
}

/** What adapters are given. */
export interface TrackerPorts {
  readonly send: SendHttp;
  /** The route's credentials; read again when `isStale`. Throws DeliveryError `later` when they can't be read. */
  credentials(isStale?: boolean): Promise<Readonly<Record<string, string>>>;
  nowMs(): number;
  /** For adapters that speak to AWS: in the cell's own account and Region, or as the member role in another. */
  readonly aws?: TrackerAws;
}

export interface TrackerAws {
  readonly region: string;
  readonly account: string;
  /** The SDK's configuration for calls in an account and Region. */
  configFor(account: string, region: string): Promise<object>;
}

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sends one request, within a time limit and a size (http.ts): only `https`, only public addresses, no redirects. Any status is an answer.
 *
 * @throws DeliveryError `later` when there is none, `never` when it may not be sent
 */
export type SendHttp = (request: HttpRequest) => Promise<HttpAnswer>;

/**
 * Why a ticket was not delivered: `later` is tried again; `never` is put aside with its reason, for people; `gone` says that the ticket is not there any more, or can't be
 * changed any more.
 */
export class DeliveryError extends Error {
  override readonly name = "DeliveryError";
  readonly kind: "later" | "never" | "gone";
  /** When the tracker said to come again. */
  readonly retryAfterMs: number | undefined;
  /** The tracker said that it did not take the request; otherwise that is not known, unless it is not `later`. */
  readonly isUntaken: boolean;
  /** It concerns the route and not this ticket alone: others by the same route would fare the same. */
  readonly isWide: boolean;
  /** A right is missing for this one thing; others may be done. */
  readonly isOfRight: boolean;

  constructor(
    kind: DeliveryError["kind"],
    message: string,
    options: ErrorOptions & {
      readonly retryAfterMs?: number;
      readonly isUntaken?: boolean;
      readonly isWide?: boolean;
      readonly isOfRight?: boolean;
    } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
    this.isUntaken = options.isUntaken ?? kind !== "later";
    this.isWide = options.isWide ?? false;
    this.isOfRight = options.isOfRight ?? false;
  }

  /** The same in other words, without its cause, which says it in the old ones. */
  saying(message: string): DeliveryError {
    const { kind, retryAfterMs, isUntaken, isWide, isOfRight } = this;
    return new DeliveryError(kind, message, {
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...{ isUntaken, isWide, isOfRight },
    });
  }
}

/** Credentials and rights are put right by people: that takes a while, and no ticket is given up for it. */
export const REFUSED_MS = 30 * 60_000;

/** Credentials that are refused or lack something, and rights that are missing. Pure. */
export function refusedFor(
  message: string,
  options: { readonly cause?: unknown; readonly isWide?: boolean; readonly isOfRight?: boolean } = {},
) {
  return new DeliveryError("later", message, { retryAfterMs: REFUSED_MS, isUntaken: true, isWide: true, ...options });
}
