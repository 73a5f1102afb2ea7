import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { excerptOf, readLicenses, writeExcerpt } from "./excerpt.ts";

/**
 * What vendors publish as types only, as JSON Schema: what Slack (@slack/web-api, @slack/webhook, @slack/types: MIT) and PagerDuty (@pagerduty/pdjs: Apache-2.0) say of the
 * requests that are sent here. The types are erased when a program runs, and a fake server sees JSON. None of these packages is a dependency. To bring them up to date:
 *
 *     npm install --prefix <folder> @slack/types@<version> @slack/web-api@<version> @slack/webhook@<version> @pagerduty/pdjs@<version> ts-json-schema-generator@2.10.0
 *     node test/ticketing/fakes/excerpt-types.ts <folder>
 */
const SLACK = [
  ...["ChatPostMessageArguments", "ChatUpdateArguments", "IncomingWebhookSendArguments"],
  ...["MessageMetadata", "MessageMetadataEventPayloadObject", "KnownBlock"],
  ...["HeaderBlock", "SectionBlock", "ContextBlock", "ContextBlockElement", "ActionsBlock", "ActionsBlockElement"],
  ...["InputBlock", "InputBlockElement", "PlainTextInput", "Button", "ConfirmationDialog", "ColorScheme"],
  ...["TextObject", "PlainTextElement", "MrkdwnElement"],
  ...[
    "RichTextBlock",
    "RichTextBlockElement",
    "RichTextSection",
    "RichTextPreformatted",
    "RichTextElement",
    "RichTextText",
  ],
];
/** Who a message is said to be from, and options of the packages' own: without them there are a few kinds of messages instead of a dozen. */
const NOT_SENT = ["username", "icon_emoji", "icon_url", "as_user", "token", "markdown_text", "timeout"];
const PAGERDUTY = ["EventPayloadV2", "Action", "Severity", "Link"];

const folder = resolve(process.argv[2] ?? "");
const { createGenerator } = createRequire(`${folder}/`)("ts-json-schema-generator");
const chat = schemaOf("@slack/web-api/dist/types/request/chat.d.ts", "ChatPostMessageArguments", "ChatUpdateArguments");
const webhook = schemaOf("@slack/webhook/dist/IncomingWebhook.d.ts", "IncomingWebhookSendArguments");
const events = schemaOf("@pagerduty/pdjs/build/src/events.d.ts", "EventPayloadV2");
const slack = ["@slack/types", "@slack/web-api", "@slack/webhook"];
const license = readLicenses(...slack.map((name) => join(folder, "node_modules", name, "LICENSE")));
writeExcerpt(
  "slack-types.json",
  { ...sourceOf(slack), license },
  excerptOf({ ...webhook, ...chat }, { definitions: SLACK, without: NOT_SENT }),
);
writeExcerpt(
  "pagerduty-types.json",
  { ...sourceOf(["@pagerduty/pdjs"]), license: ["Apache License, Version 2.0: as LICENSE of this repository"] },
  excerptOf(events, { definitions: PAGERDUTY }),
);

function schemaOf(path: string, ...types: readonly string[]): Readonly<Record<string, unknown>> {
  const options = { skipTypeCheck: true, expose: "all", jsDoc: "none", additionalProperties: false };
  const schemas = types.map((type) =>
    createGenerator({ path: join(folder, "node_modules", path), type, ...options }).createSchema(type),
  );
  return Object.assign({}, ...schemas.map(({ definitions }) => definitions));
}

function sourceOf(packages: readonly string[]) {
  const versions = packages.map((name) => {
    const text = readFileSync(join(folder, "node_modules", name, "package.json"), "utf8");
    return `${name} ${JSON.parse(text).version}`;
  });
  return { source: packages.join(", "), version: versions.join(", ") };
}
