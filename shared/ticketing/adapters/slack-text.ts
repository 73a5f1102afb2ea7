import { PLAN_HEADING } from "../content/words.ts";
import { cutTo, oneLine, withoutLinks } from "../text.ts";
import type { Ticket } from "../ticket.ts";

/** A part of a message, of Block Kit. @see https://docs.slack.dev/reference/block-kit/blocks */
export type Block = Readonly<Record<string, unknown>>;

/** Letters that Slack takes: https://docs.slack.dev/reference/block-kit/blocks and https://docs.slack.dev/reference/methods/chat.postMessage */
const MAX = {
  blocks: 50,
  header: 150,
  section: 3_000,
  // What stands for the blocks in notifications and for screen readers: Slack advises at most 4,000, and cuts at 40,000.
  text: 4_000,
  // Of all blocks together no number is documented, only the error `msg_blocks_too_long`.
  all: 12_000,
} as const;
/** The rest is for the header, the facts, the reason, the buttons and a note. */
const MAX_SECTIONS = MAX.blocks - 5;
const CUT = " [... cut: cordon explain tells the rest]";

/** A ticket as the blocks of a message. What strangers have named stands in plain and preformatted text, which Slack takes as it is. Pure. */
export function blocksOf(ticket: Ticket, { hasButtons }: { readonly hasButtons: boolean }): readonly Block[] {
  const { key, severity, state, occurrences, updatedAt, labels } = ticket;
  const facts = `${key} | ${severity} | ${state} | occurrence ${occurrences} | account ${labels.account}, ${labels.region} | ${updatedAt}`;
  const title = { type: "header", text: plain(withoutLinks(oneLine(ticket.title)), MAX.header) };
  const { told, isAll } = sectionBlocks(ticket);
  // Nobody is to approve by a button what he was not shown.
  const isShown = isAll && ticket.sections.some(({ heading }) => heading === PLAN_HEADING);
  const deciding = hasButtons && ticket.isWaiting && isShown ? decidingBlocks(ticket) : [];
  return [title, ...told, { type: "context", elements: [plain(facts, MAX.section)] }, ...deciding];
}

function sectionBlocks({ sections }: Ticket): { readonly told: readonly Block[]; readonly isAll: boolean } {
  const told: Block[] = [];
  let left: number = MAX.all;
  let isAll = true;
  for (const { heading, lines } of sections) {
    const whole = lines.map(oneLine).join("\n");
    const isLast = told.length === MAX_SECTIONS - 1 || left < whole.length;
    const text = cutTo(whole, Math.min(MAX.section, Math.max(left, CUT.length)), CUT);
    isAll &&= text === whole;
    left -= text.length;
    told.push(richText(heading, text));
    if (isLast) return { told, isAll: isAll && told.length === sections.length };
  }
  return { told, isAll };
}

/** A note, for a ticket's thread. Pure. */
export function noteBlocks(note: string): readonly Block[] {
  return [{ type: "section", text: plain(withoutLinks(linesOf(note)), MAX.section) }];
}

/** What stands for the blocks where they aren't shown, escaped: it is the one text of a message that Slack looks for mentions and links in. Pure. */
export function plainOf(title: string, body: string, key = ""): string {
  const head = `${cutTo(oneLine(title), MAX.header, CUT)}${key === "" ? "" : ` (${key})`}`;
  return escaped(withoutLinks(linesOf(`${head}\n\n${body}`.trim())), MAX.text);
}

/**
 * The buttons carry the order (shared/decisions/prove-slack.ts), with the plan that is shown, so that no other one is approved by them. Whoever presses may type why; a
 * decision without a reason is none, so that a button has one of its own.
 */
function decidingBlocks({ finding, plan }: Ticket): readonly Block[] {
  const button = (action: "approve" | "reject", label: string, style: string, asked: string): Block => ({
    type: "button",
    action_id: `cordon_${action}`,
    text: plain(label, 75),
    style,
    value: JSON.stringify({
      action,
      findingId: finding,
      ...(plan !== undefined && { plan }),
      reason: `${label} was pressed in Slack, and no reason typed`,
    }),
    confirm: {
      title: plain(`${label}?`, 100),
      text: plain(asked, 300),
      confirm: plain(label, 30),
      deny: plain("Not now", 30),
      style,
    },
  });
  return [
    {
      type: "input",
      block_id: "reason",
      optional: true,
      label: plain("Why", 2_000),
      element: { type: "plain_text_input", action_id: "reason", max_length: 500 },
    },
    {
      type: "actions",
      elements: [
        button("approve", "Approve", "primary", "The plan is carried out, if it still is the plan that is shown here."),
        button("reject", "Reject", "danger", "Nothing is changed: it is let be by an exception that ends."),
      ],
    },
  ];
}

function plain(text: string, most: number): Block {
  return { type: "plain_text", text: cutTo(text, most, CUT), emoji: false };
}

/** Text elements of rich text hold no markup: a mention or a link would be an element of its own. @see https://docs.slack.dev/reference/block-kit/blocks/rich-text-block */
function richText(heading: string, text: string): Block {
  return {
    type: "rich_text",
    elements: [
      {
        type: "rich_text_section",
        elements: [{ type: "text", text: cutTo(oneLine(heading), MAX.header, CUT), style: { bold: true } }],
      },
      { type: "rich_text_preformatted", elements: [{ type: "text", text }] },
    ],
  };
}

/** Cut before it is escaped, so that no escape is cut through. @see https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escaped(text: string, most: number): string {
  const safe = (each: string) => each.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  let room = most;
  while (safe(cutTo(text, room, CUT)).length > most) room = Math.floor(room * 0.8);
  return safe(cutTo(text, room, CUT));
}

function linesOf(text: string): string {
  return text.split("\n").map(oneLine).join("\n").trimEnd();
}
