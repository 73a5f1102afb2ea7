import type { Citation } from "../../types.ts";

/** Laws and standards that controls and classes of data cite. Longer names come before those that they begin with. */
export const FRAMEWORKS = [
  "UK GDPR",
  "GDPR",
  "FADP",
  "LGPD",
  "CCPA",
  "DPDP",
  "HIPAA",
  "NIST 800-53",
  "NIST 800-171",
  "NIST CSF",
  "CIS AWS",
  "ISO 27001",
  "ISO 27018",
  "PCI DSS",
  "SOC 2",
  "AWS Security Hub",
] as const;

/** "GDPR Art. 44" -> framework and reference; undefined when it begins with no known framework or names nothing of it. Pure. */
export function parseCitation(text: string): Citation | undefined {
  const framework = FRAMEWORKS.find((name) => text.startsWith(`${name} `));
  const reference = framework === undefined ? "" : text.slice(framework.length).trim();
  return framework === undefined || reference === "" ? undefined : { framework, reference };
}
