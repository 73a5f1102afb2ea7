import { describe, expect, it } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { routes as routesInReference } from "../../scripts/policy-reference.ts";
import { BRAKES } from "../../shared/lifecycle/brake.ts";
import { STORMS } from "../../shared/lifecycle/storm.ts";
import { readCompiled, writeCompiled } from "../../shared/policy/compiled-file.ts";
import { compileTickets } from "../../shared/policy/language/compile-tickets.ts";
import { namesOf } from "../../shared/policy/language/names.ts";
import { parsePolicy } from "../../shared/policy/language/parse-policy.ts";
import type { PolicyDocument } from "../../shared/policy/language/schema.ts";
import type { RouteDocument, TicketsDocument } from "../../shared/policy/language/schema-tickets.ts";
import { OWN_MATTERS, TICKET_DEFAULTS, ticketRules } from "../../shared/policy/tickets.ts";
import { adapters as shippedAdapters } from "../../shared/ticketing/adapters/index.ts";
import type { AdapterDefinition } from "../../shared/ticketing/tracker.ts";
import { BASE, CONTROL, compiled, shipped } from "./policy-stage.ts";

/** Adapters in few words, one that takes everything and one that takes nothing. */
const JIRA: AdapterDefinition = {
  name: "jira",
  url: { use: "required", meaning: "the site's address" },
  secret: { email: "of the account", token: "an API token" },
  settings: {
    project: { type: "text", isRequired: true, meaning: "the project's key, such as SEC" },
    issueType: { type: "text", meaning: "the type of issue", oneOf: ["Task", "Bug"] },
    labels: { type: "list", meaning: "labels besides" },
    fields: { type: "map", meaning: "fields by id" },
  },
  make: () => {
    throw new Error("nothing is made here");
  },
};
const SNS: AdapterDefinition = { ...JIRA, name: "sns", url: { use: "none", meaning: "" }, secret: {}, settings: {} };
const ADAPTERS = { jira: JIRA, sns: SNS };

const ROUTE: RouteDocument = {
  id: "security",
  adapter: "jira",
  liesIn: "eu",
  url: "https://example.atlassian.net",
  secret: "cordon/tickets/jira",
  settings: { project: "SEC" },
};
const SNS_ROUTE: RouteDocument = { id: "topic", adapter: "sns", liesIn: ["us"] };

const namesIn = () => namesOf(BASE as unknown as PolicyDocument, [CONTROL]);
const compile = (document: TicketsDocument) => compileTickets(document, namesIn(), ADAPTERS);
/** The mistakes of a route, as `path: message`. */
const wrong = (route: object) =>
  compile({ routes: [route as RouteDocument] }).problems.map(
    ({ path, message, isKey }) => `${path.slice(3).join(".")}${isKey ? " (key)" : ""}: ${message}`,
  );
/** The text in which `tickets` stands as given; each mistake with its line in it, and its column. */
const told = (tickets: string) => {
  const parsed = parsePolicy(`${JSON.stringify(BASE).slice(0, -1)}, tickets:\n${tickets}\n}`, "p", catalogue);
  return parsed.ok ? [] : parsed.errors.map(({ line, column, message }) => `${line - 1}:${column} ${message}`);
};

describe("tickets in a policy", () => {
  it("left out leave a policy as it was before there were any, with its digest, and the defaults hold", () => {
    const policy = compiled();
    expect(policy).not.toHaveProperty("tickets");
    expect(ticketRules(policy)).toBe(TICKET_DEFAULTS);
    expect(policy.digest).not.toBe(compiled({ ...BASE, tickets: {} }).digest);
  });

  it("with nothing said are as by default", () => {
    expect(ticketRules(compiled({ ...BASE, tickets: {} }))).toStrictEqual(TICKET_DEFAULTS);
    expect(TICKET_DEFAULTS).toMatchObject({
      quietMs: 3_600_000,
      reopenMs: 2_592_000_000,
      storm: { count: 10, windowMs: 600_000 },
    });
  });

  it("have times in their units", () => {
    const quietHours = { from: "20:05", to: "07:00", timeZone: "Europe/Berlin" };
    const tickets = { quietMinutes: 5, reopenDays: 2, quietHours, storm: { count: 3, windowMinutes: 4 } };
    expect(compiled({ ...BASE, tickets }).tickets).toStrictEqual({
      ...TICKET_DEFAULTS,
      quietMs: 300_000,
      reopenMs: 172_800_000,
      quietHours: { fromMinute: 1_205, toMinute: 420, timeZone: "Europe/Berlin" },
      storm: { count: 3, windowMs: 240_000 },
    });
    expect(compiled({ ...BASE, tickets: { storm: { count: 3 } } }).tickets?.storm).toEqual({
      count: 3,
      windowMs: 600_000,
    });
    expect(compiled({ ...BASE, tickets: { storm: { windowMinutes: 3 } } }).tickets?.storm).toEqual({
      count: 10,
      windowMs: 180_000,
    });
  });

  it("have a clock for the classes it names, or for those of personal; what has a clock is to be assessed", () => {
    const clocks = [
      { hours: 72, citation: "GDPR Art. 33", playbook: "  call the officer\n" },
      { classifications: ["secret", "secret"], hours: 24, citation: "LGPD Art. 48" },
    ];
    expect(compiled({ ...BASE, tickets: { personal: ["personal"], clocks } }).tickets).toMatchObject({
      personal: ["personal", "secret"],
      clocks: [
        {
          classifications: ["personal"],
          ms: 259_200_000,
          citation: { framework: "GDPR", reference: "Art. 33" },
          playbook: "call the officer",
        },
        { classifications: ["secret"], ms: 86_400_000, citation: { framework: "LGPD", reference: "Art. 48" } },
      ],
    });
  });

  it("let go what they say, each once and in one order, so that one digest means one policy", () => {
    const elsewhere = ["resource", "changes", "resource"];
    expect(compiled({ ...BASE, tickets: { elsewhere } }).tickets?.elsewhere).toEqual(["changes", "resource"]);
  });

  it("have routes with the places that their jurisdictions stand for", () => {
    const names = namesIn();
    const narrow = {
      severities: ["high"],
      accounts: ["111122223333"],
      controls: [CONTROL, ...OWN_MATTERS],
      classifications: ["personal"],
    };
    const { part, problems } = compileTickets(
      {
        routes: [
          { ...ROUTE, ...narrow, liesIn: ["ch", "ch", "us-west-2"], regions: ["ie"] } as RouteDocument,
          SNS_ROUTE,
        ],
      },
      names,
      ADAPTERS,
    );
    expect(problems).toEqual([]);
    const [first, second] = part?.routes ?? [];
    const { liesIn: _, ...same } = ROUTE;
    expect(first).toStrictEqual({
      ...same,
      ...narrow,
      liesIn: ["ch", "us-west-2"],
      places: ["eu-central-2", "us-west-2"],
      regions: ["eu-west-1"],
    });
    expect(Object.keys(second ?? {})).toEqual(["id", "adapter", "liesIn", "places", "settings"]);
    expect(names.used()).toHaveProperty("ch");
  });

  it("know what Cordon tells of itself", () => {
    expect(OWN_MATTERS).toEqual([STORMS.id, BRAKES.id]);
  });

  it("come through compilation as they are", () => {
    const tickets = {
      quietMinutes: 5,
      clocks: [{ classifications: ["personal"], hours: 1, citation: "GDPR Art. 33" }],
    };
    const policy = compiled({ ...BASE, tickets });
    expect(readCompiled(writeCompiled(policy), "p")).toStrictEqual(policy);
  });
});

describe("a mistake in tickets is told at its place, with what is expected:", () => {
  it.each([
    ["a misspelt key", "{ quietMinuts: 3 }", '1:3 tickets: unknown key "quietMinuts"; did you mean "quietMinutes"?'],
    [
      "no minutes",
      "{ quietMinutes: 0 }",
      "1:17 tickets.quietMinutes: found 0, expected a whole number from 1 to 10080",
    ],
    [
      "an hour that there is not",
      '{ quietHours: { from: "24:00", to: "07:00", timeZone: UTC } }',
      '1:23 tickets.quietHours.from: found "24:00", expected a time of day in quotes, from "00:00" to "23:59", such as "20:00"',
    ],
    [
      "hours that begin when they end",
      '{ quietHours: { from: "07:00", to: "07:00", timeZone: UTC } }',
      "1:3 tickets.quietHours: found a mapping, expected two different times: from and to are the same",
    ],
    [
      "a time zone that is misspelt",
      '{ quietHours: { from: "20:00", to: "07:00", timeZone: Europe/Berln } }',
      '1:55 unknown time zone "Europe/Berln"; did you mean "Europe/Berlin"?',
    ],
    [
      "an offset for a time zone",
      '{ quietHours: { from: "20:00", to: "07:00", timeZone: "+01:00" } }',
      '1:55 unknown time zone "+01:00", expected a name of the IANA time zone database, such as Europe/Berlin',
    ],
    [
      "a class that there is not",
      "{ personal: [persnal] }",
      '1:14 unknown classification "persnal"; did you mean "personal"?',
    ],
    [
      "a clock of a class that there is not",
      "{ clocks: [{ classifications: [personel], hours: 1, citation: GDPR Art. 33 }] }",
      '1:32 unknown classification "personel"; did you mean "personal"?',
    ],
    [
      "a clock of no class",
      "{ clocks: [{ hours: 1, citation: GDPR Art. 33 }] }",
      "1:12 no class is meant; expected classifications here, or tickets.personal",
    ],
    [
      "a law that nobody knows",
      "{ clocks: [{ classifications: [personal], hours: 1, citation: GPDR Art. 33 }] }",
      expect.stringMatching(
        /^1:63 tickets\.clocks\.0\.citation: found "GPDR Art\. 33", expected a framework and what of it/,
      ),
    ],
    [
      "a playbook as long as a book",
      `{ clocks: [{ classifications: [personal], hours: 1, citation: GDPR Art. 33, playbook: "${"x".repeat(2_001)}" }] }`,
      expect.stringContaining("expected at most 2000 letters"),
    ],
    [
      "something that can't be let go",
      "{ elsewhere: [resources] }",
      expect.stringMatching(/^1:15 tickets\.elsewhere\.0: found "resources", expected .*; did you mean "resource"\?$/),
    ],
    [
      "an adapter that is misspelt",
      "{ routes: [{ id: a, adapter: jria, liesIn: eu }] }",
      expect.stringMatching(/^1:30 tickets\.routes\.0\.adapter: found "jria", expected .*; did you mean "jira"\?$/),
    ],
    [
      "a route that lies nowhere",
      "{ routes: [{ id: a, adapter: jira }] }",
      expect.stringContaining("tickets.routes.0.liesIn: found nothing, expected the name of a jurisdiction"),
    ],
    [
      "a secret in the policy",
      "{ routes: [{ id: a, adapter: jira, liesIn: eu, secret: 'p w:d' }] }",
      expect.stringContaining("expected the name or ARN of a secret of Secrets Manager"),
    ],
    [
      "a setting of settings",
      "{ routes: [{ id: a, adapter: jira, liesIn: eu, settings: { project: [[SEC]] } }] }",
      expect.stringContaining("expected a text, a list of texts, or a mapping of texts"),
    ],
  ])("%s", (_, tickets, error) => {
    expect(told(tickets)).toContainEqual(error);
  });

  it("a jurisdiction that is misspelt, written as a text or in a list", () => {
    for (const [liesIn, column] of [
      ["eux", 44],
      ["[eux]", 45],
    ] as const)
      expect(told(`{ routes: [{ id: a, adapter: jira, liesIn: ${liesIn} }] }`)).toContainEqual(
        expect.stringMatching(new RegExp(`^1:${column} unknown jurisdiction "eux"; did you mean "eu"\\?$`)),
      );
  });

  it.each<[string, object, readonly string[]]>([
    ["nothing", ROUTE, []],
    ["nothing, of one that takes nothing", SNS_ROUTE, []],
    [
      "no url",
      { ...ROUTE, url: undefined },
      [": the adapter jira needs a url: found nothing, expected the site's address"],
    ],
    [
      "a url that it does not take",
      { ...SNS_ROUTE, url: "https://a.example" },
      ["url (key): the adapter sns takes no url; expected none"],
    ],
    [
      "no URL",
      { ...ROUTE, url: "example" },
      ["url: found no URL, expected an address such as https://tracker.example.com"],
    ],
    ["http", { ...ROUTE, url: "http://a.example/x" }, ["url: found http://a.example, expected https"]],
    [
      "credentials in the url, which are not repeated",
      { ...ROUTE, url: "https://me:pass@a.example" },
      ["url: found credentials in the address of a.example; expected them in the secret, and none here"],
    ],
    [
      "a user in the url",
      { ...ROUTE, url: "http://me@a.example" },
      ["url: found credentials in the address of a.example; expected them in the secret, and none here"],
    ],
    [
      "a password in the url",
      { ...ROUTE, url: "https://:pass@a.example" },
      ["url: found credentials in the address of a.example; expected them in the secret, and none here"],
    ],
    [
      "a fragment",
      { ...ROUTE, url: "https://a.example/#b" },
      ["url: found a fragment (#...) in the address of a.example; expected none, for none is ever sent"],
    ],
    [
      "no secret",
      { ...ROUTE, secret: undefined },
      [
        ": the adapter jira needs a secret: found nothing, expected where a JSON object is kept with email (of the account), token (an API token)",
      ],
    ],
    [
      "a secret that Cordon may not read",
      { ...ROUTE, secret: "prod/database" },
      [
        'secret: found "prod/database", which Cordon may not read; expected a name that begins with cordon/tickets/, or ssm:/cordon/tickets/ for a parameter',
      ],
    ],
    [
      "a secret that it does not take",
      { ...SNS_ROUTE, secret: "x" },
      ["secret (key): the adapter sns takes no secret; expected none"],
    ],
    [
      "no settings",
      { ...ROUTE, settings: undefined },
      [
        "settings: the adapter jira needs the setting project: found nothing, expected a text: the project's key, such as SEC",
      ],
    ],
    [
      "a setting that is misspelt",
      { ...ROUTE, settings: { project: "SEC", isueType: "Task" } },
      ['settings.isueType (key): unknown setting "isueType" of the adapter jira; did you mean "issueType"?'],
    ],
    [
      "a setting that is none",
      { ...ROUTE, settings: { project: "SEC", toString: "Task" } },
      [
        'settings.toString (key): unknown setting "toString" of the adapter jira, expected project, issueType, labels, fields',
      ],
    ],
    [
      "a setting of one that takes none",
      { ...SNS_ROUTE, settings: { region: "x" } },
      ['settings.region (key): unknown setting "region" of the adapter sns, expected none'],
    ],
    [
      "an empty setting that is needed",
      { ...ROUTE, settings: { project: " " } },
      ["settings.project: found nothing in it, expected a text: the project's key, such as SEC"],
    ],
    ["an empty one that is not needed", { ...ROUTE, settings: { project: "SEC", labels: [], fields: {} } }, []],
    [
      "a list for a text",
      { ...ROUTE, settings: { project: ["SEC"] } },
      ["settings.project: found a list of texts, expected a text: the project's key, such as SEC"],
    ],
    [
      "a text for a list, and a list for a mapping",
      { ...ROUTE, settings: { project: "SEC", labels: "a", fields: ["b"] } },
      [
        "settings.labels: found a text, expected a list of texts: labels besides",
        "settings.fields: found a list of texts, expected a mapping of texts: fields by id",
      ],
    ],
    [
      "a value that there is not",
      { ...ROUTE, settings: { project: "SEC", issueType: "Tsk" } },
      ['settings.issueType: found "Tsk", expected "Task" or "Bug"; did you mean "Task"?'],
    ],
    ["a value that there is", { ...ROUTE, settings: { project: "SEC", issueType: "Bug" } }, []],
    [
      "an adapter that is not there yet",
      { ...ROUTE, adapter: "github" },
      ['adapter: unknown adapter "github", expected one of: jira, sns'],
    ],
    [
      "a control that there is not",
      { ...ROUTE, controls: ["x"] },
      [expect.stringMatching(/^controls\.0: unknown control "x"/)],
    ],
    [
      "a class that there is not",
      { ...ROUTE, classifications: ["publik"] },
      ['classifications.0: unknown classification "publik"; did you mean "public"?'],
    ],
    [
      "a Region that there is not",
      { ...ROUTE, regions: ["eu-central-9"] },
      [expect.stringMatching(/^regions\.0: there is no Region/)],
    ],
  ])("of an adapter's route: %s", (_, route, problems) => {
    expect(wrong(route)).toEqual(problems);
  });

  it("an id twice", () => {
    const { problems } = compile({ routes: [ROUTE, { ...SNS_ROUTE, id: ROUTE.id }] });
    expect(problems).toEqual([
      { path: ["tickets", "routes", 1, "id"], message: 'the id "security" is taken already; expected one of its own' },
    ]);
  });
});

describe("a route of an adapter that ships", () => {
  const topic = (region: string, name: string) => ({
    ...{ id: "a", adapter: "sns", liesIn: "eu" },
    settings: { topic: `arn:aws:sns:${region}:111122223333:${name}` },
  });
  const pager = (liesIn: string | readonly string[], region?: string) => ({
    ...{ id: "a", adapter: "pagerduty", liesIn, secret: "cordon/tickets/pagerduty" },
    ...(region !== undefined && { settings: { region } }),
  });
  const chat = (settings: object) => ({
    ...{ id: "a", adapter: "slack", liesIn: "us", secret: "cordon/tickets/slack" },
    settings,
  });
  const hook = (url: string) => ({ id: "a", adapter: "webhook", liesIn: "eu", secret: "cordon/tickets/hook", url });

  it.each<[string, object, readonly string[]]>([
    ["nothing, of a topic where the route lies", topic("eu-central-1", "cordon-tickets-alerts"), []],
    [
      "a topic elsewhere",
      topic("us-east-1", "cordon-tickets-alerts"),
      ["settings.topic: found a topic in us-east-1, expected one where the route lies: eu-central-1, "],
    ],
    [
      "a topic that Cordon may not use",
      topic("eu-central-1", "cordon-tickets"),
      ['settings.topic: found the topic "cordon-tickets", expected a name that begins with cordon-tickets-'],
    ],
    [
      "no topic",
      { ...topic("", ""), settings: { topic: "alerts" } },
      ["settings.topic: settings.topic is no ARN of a topic: alerts"],
    ],
    ["nothing, of PagerDuty in the US", pager("us"), []],
    ["nothing, of PagerDuty in the EU", pager("eu", "eu"), []],
    ["PagerDuty in the US for a route in the EU", pager("eu"), ["settings.region: found the service region us, "]],
    [
      "PagerDuty in the EU for a route in the US",
      pager("us", "eu"),
      ["settings.region: found the service region eu, "],
    ],
    [
      "PagerDuty in the EU for a route in London",
      pager(["eu-west-2"], "eu"),
      ["settings.region: found the service region eu, "],
    ],
    ["nothing, of PagerDuty by a proxy", { ...pager("eu"), url: "https://proxy.example.com" }, []],
    ["nothing, of Slack by a webhook", chat({ via: "webhook" }), []],
    ["nothing, of Slack by a bot", chat({ channel: "C0123456789" }), []],
    ["Slack by a bot without a channel", chat({}), [": the adapter slack needs the setting channel: found nothing"]],
    [
      "Slack by a bot with an empty channel",
      chat({ via: "bot", channel: " " }),
      [": the adapter slack needs the setting channel"],
    ],
    ["nothing, of a public address", hook("https://93.184.215.14/"), []],
    ...[
      "10.0.0.1",
      "127.0.0.1",
      "0x7f.1",
      "169.254.169.254",
      "[::1]",
      "[::ffff:10.0.0.1]",
      "[fd00::1]",
      "localhost",
      "a.localhost",
    ].map((host): [string, object, readonly string[]] => [
      `the address ${host}`,
      hook(`https://${host}:8443/`),
      [`url: found ${new URL(`https://${host}:8443/`).host}, which is not on the internet; expected a public address`],
    ]),
  ])("has %s", (_, route, expected) => {
    const { problems } = compileTickets({ routes: [route as RouteDocument] }, namesIn(), shippedAdapters);
    const found = problems.map(({ path, message }) => `${path.slice(3).join(".")}: ${message}`);
    expect(found).toEqual(expected.map((each) => expect.stringContaining(each)));
  });

  it("is not judged by where it lies while that is misspelt", () => {
    const route = { ...topic("us-east-1", "cordon-tickets-alerts"), liesIn: "uk-east" } as RouteDocument;
    const { problems } = compileTickets({ routes: [route] }, namesIn(), shippedAdapters);
    expect(problems.map(({ path }) => path.slice(3).join("."))).toEqual(["liesIn.0"]);
  });
});

describe("what shows how it is written", () => {
  it("is right: the example in eu-gdpr.yaml, without its comment marks", () => {
    const text = shipped("eu-gdpr.yaml").replaceAll(/^#( {2}|(?=tickets:))/gm, "$1");
    expect(text).toContain("\ntickets:\n");
    const parsed = parsePolicy(text, "p", catalogue);
    const errors = parsed.ok ? [] : parsed.errors.map(({ message }) => message);
    // An adapter may be still to come.
    expect(errors.filter((message) => !message.startsWith("unknown adapter"))).toEqual([]);
  });

  it("has a table of what an adapter takes", () => {
    expect(routesInReference([])).toBe("");
    const text = routesInReference([JIRA, SNS]);
    for (const row of [
      "### The adapter `jira`",
      "| `url` (required) | text | the site's address |",
      "| `token` of the secret | text | an API token |",
      "| `settings.project` (required) | text | the project's key, such as SEC |",
      "| `settings.issueType` | `Task`, `Bug` | the type of issue |",
      "| `settings.fields` | mapping by name | fields by id |",
    ])
      expect(text).toContain(row);
    expect(text.split("### The adapter `sns`")[1]).not.toContain("`url`");
  });
});
