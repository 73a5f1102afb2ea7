// Every AWS Region of every partition, and every Local Zone, with the country it physically lies in. Looked up on 2026-11-26:
//
// - Regions and their names: the partitions of the AWS SDK for JavaScript 3.981.0 (2026-11-10), which are CDK's Regions and two more.
// - Countries: "Geography", to AWS "the specific physical location of its infrastructure", in "AWS Regions" and "Available Local Zones"
//   (docs.aws.amazon.com/global-infrastructure and /local-zones, copies made after 2026-08-20). Where those don't list a place, its name
//   says it: China, Germany, US ISO, Saudi Arabia, Chile.
// - Local Zones: "Available Local Zones"; Beijing's is in "Getting Started with Amazon Web Services in China". The few from elsewhere say so.
//
// Not here, and so in no jurisdiction by this table: Wavelength Zones (Casablanca's is one), Dedicated Local Zones (one customer's own),
// Outposts, and Regions that AWS hasn't named. Never take the Region in such a zone's name for where it lies.

/** Where data can lie. That says nothing of who runs the place or whose courts reach it. */
export interface Place {
  /** A Region, such as eu-central-1, or a Local Zone's group, such as us-east-1-bos-1. */
  readonly code: string;
  readonly kind: "region" | "local-zone";
  /** The Region that a Local Zone belongs to, often one in another country. */
  readonly parent?: string;
  readonly partition: string;
  readonly name: string;
  /** ISO 3166-1 alpha-2 (Greece is GR, the United Kingdom GB); undefined: AWS doesn't publish it, so no preset may contain it. */
  readonly country: string | undefined;
}

type Entry = readonly [code: string, name: string, country: string | undefined];

const REGIONS: Readonly<Record<string, readonly Entry[]>> = {
  aws: [
    ["af-south-1", "Africa (Cape Town)", "ZA"],
    ["ap-east-1", "Asia Pacific (Hong Kong)", "HK"],
    ["ap-east-2", "Asia Pacific (Taipei)", "TW"],
    ["ap-northeast-1", "Asia Pacific (Tokyo)", "JP"],
    ["ap-northeast-2", "Asia Pacific (Seoul)", "KR"],
    ["ap-northeast-3", "Asia Pacific (Osaka)", "JP"],
    ["ap-south-1", "Asia Pacific (Mumbai)", "IN"],
    ["ap-south-2", "Asia Pacific (Hyderabad)", "IN"],
    ["ap-southeast-1", "Asia Pacific (Singapore)", "SG"],
    ["ap-southeast-2", "Asia Pacific (Sydney)", "AU"],
    ["ap-southeast-3", "Asia Pacific (Jakarta)", "ID"],
    ["ap-southeast-4", "Asia Pacific (Melbourne)", "AU"],
    ["ap-southeast-5", "Asia Pacific (Malaysia)", "MY"],
    ["ap-southeast-6", "Asia Pacific (New Zealand)", "NZ"],
    ["ap-southeast-7", "Asia Pacific (Thailand)", "TH"],
    ["ca-central-1", "Canada (Central)", "CA"],
    ["ca-west-1", "Canada West (Calgary)", "CA"],
    ["eu-central-1", "Europe (Frankfurt)", "DE"],
    ["eu-central-2", "Europe (Zurich)", "CH"],
    ["eu-north-1", "Europe (Stockholm)", "SE"],
    ["eu-south-1", "Europe (Milan)", "IT"],
    ["eu-south-2", "Europe (Spain)", "ES"],
    ["eu-west-1", "Europe (Ireland)", "IE"],
    ["eu-west-2", "Europe (London)", "GB"],
    ["eu-west-3", "Europe (Paris)", "FR"],
    ["il-central-1", "Israel (Tel Aviv)", "IL"],
    ["me-central-1", "Middle East (UAE)", "AE"],
    ["me-south-1", "Middle East (Bahrain)", "BH"],
    ["me-west-1", "Middle East (Saudi Arabia)", "SA"],
    ["mx-central-1", "Mexico (Central)", "MX"],
    ["sa-east-1", "South America (Sao Paulo)", "BR"],
    ["sa-west-1", "South America (Chile)", "CL"],
    ["us-east-1", "US East (N. Virginia)", "US"],
    ["us-east-2", "US East (Ohio)", "US"],
    ["us-west-1", "US West (N. California)", "US"],
    ["us-west-2", "US West (Oregon)", "US"],
  ],
  "aws-cn": [
    ["cn-north-1", "China (Beijing)", "CN"],
    ["cn-northwest-1", "China (Ningxia)", "CN"],
  ],
  "aws-eusc": [["eusc-de-east-1", "AWS European Sovereign Cloud (Germany)", "DE"]],
  "aws-us-gov": [
    ["us-gov-east-1", "AWS GovCloud (US-East)", "US"],
    ["us-gov-west-1", "AWS GovCloud (US-West)", "US"],
  ],
  "aws-iso": [
    ["us-iso-east-1", "US ISO East", "US"],
    ["us-iso-west-1", "US ISO West", "US"],
  ],
  "aws-iso-b": [
    ["us-isob-east-1", "US ISOB East (Ohio)", "US"],
    ["us-isob-west-1", "US ISOB West", "US"],
  ],
  // AWS says "Europe". Its domain ends in .uk, but a domain is no place.
  "aws-iso-e": [["eu-isoe-west-1", "EU ISOE West", undefined]],
  "aws-iso-f": [
    ["us-isof-east-1", "US ISOF East", "US"],
    ["us-isof-south-1", "US ISOF South", "US"],
  ],
};

/** By parent Region, which a code begins with. */
const LOCAL_ZONES: readonly Entry[] = [
  ["af-south-1-los-1", "Nigeria (Lagos)", "NG"],
  ["ap-northeast-1-tpe-1", "Taiwan (Taipei)", "TW"],
  ["ap-south-1-ccu-1", "India (Kolkata)", "IN"],
  ["ap-south-1-del-1", "India (Delhi)", "IN"],
  ["ap-southeast-1-bkk-1", "Thailand (Bangkok)", "TH"],
  ["ap-southeast-1-han-1", "Vietnam (Hanoi)", "VN"],
  ["ap-southeast-1-mnl-1", "Philippines (Manila)", "PH"],
  ["ap-southeast-2-akl-1", "New Zealand (Auckland)", "NZ"],
  ["ap-southeast-2-per-1", "Australia (Perth)", "AU"],
  ["cn-north-1-pkx-1", "China (Beijing)", "CN"],
  ["eu-central-1-ath-1", "Greece (Athens)", "GR"],
  ["eu-central-1-ham-1", "Germany (Hamburg)", "DE"],
  ["eu-central-1-ist-1", "Turkey (Istanbul)", "TR"],
  ["eu-central-1-waw-1", "Poland (Warsaw)", "PL"],
  ["eu-north-1-cph-1", "Denmark (Copenhagen)", "DK"],
  ["eu-north-1-hel-1", "Finland (Helsinki)", "FI"],
  ["me-south-1-mct-1", "Oman (Muscat)", "OM"],
  ["us-east-1-atl-1", "US East (Atlanta)", "US"],
  ["us-east-1-atl-2", "US East (Atlanta) 2", "US"],
  ["us-east-1-bos-1", "US East (Boston)", "US"],
  ["us-east-1-bue-1", "Argentina (Buenos Aires)", "AR"],
  ["us-east-1-chi-1", "US East (Chicago)", "US"],
  ["us-east-1-chi-2", "US East (Chicago) 2", "US"],
  ["us-east-1-dfw-1", "US East (Dallas)", "US"],
  ["us-east-1-dfw-2", "US East (Dallas) 2", "US"],
  ["us-east-1-iah-1", "US East (Houston)", "US"],
  ["us-east-1-iah-2", "US East (Houston) 2", "US"],
  ["us-east-1-lim-1", "Peru (Lima)", "PE"],
  ["us-east-1-mci-1", "US East (Kansas City) 2", "US"],
  ["us-east-1-mia-1", "US East (Miami)", "US"],
  ["us-east-1-mia-2", "US East (Miami) 2", "US"],
  ["us-east-1-msp-1", "US East (Minneapolis)", "US"],
  ["us-east-1-nyc-1", "US East (New York City)", "US"],
  ["us-east-1-nyc-2", "US East (New York City) 2", "US"],
  ["us-east-1-phl-1", "US East (Philadelphia)", "US"],
  ["us-east-1-qro-1", "México (Querétaro)", "MX"],
  ["us-east-1-scl-1", "Chile (Santiago)", "CL"],
  ["us-west-2-den-1", "US West (Denver)", "US"],
  ["us-west-2-hnl-1", "US West (Honolulu)", "US"],
  ["us-west-2-las-1", "US West (Las Vegas)", "US"],
  ["us-west-2-las-2", "US West (Las Vegas) 2", "US"],
  ["us-west-2-lax-1", "US West (Los Angeles)", "US"],
  ["us-west-2-pdx-1", "US West (Portland)", "US"],
  ["us-west-2-phx-1", "US West (Phoenix)", "US"],
  ["us-west-2-phx-2", "US West (Phoenix) 2", "US"],
  ["us-west-2-sea-1", "US West (Seattle)", "US"],

  // Open to few, and not in "Available Local Zones". These three: Amazon EBS's guide, "Encryption in Local Zones, Outposts, and Wavelength
  // Zones"; no country there, but the letters for the location are those of a zone above.
  ["ap-south-1-ccu-2", "near Kolkata", "IN"],
  ["ap-south-1-del-2", "near Delhi", "IN"],
  ["us-east-2-mci-1", "US East (Kansas City)", "US"],
  // These three: AWS's github.com/awslabs/geoproximity-map (2026-08-10), by coordinates.
  ["us-east-1-abe-1", "near Allentown, Pennsylvania", "US"],
  ["us-east-2-jan-1", "near Jackson, Mississippi", "US"],
  ["us-east-2-sbn-1", "near South Bend, Indiana", "US"],
];

const regions = Object.entries(REGIONS).flatMap(([partition, entries]) =>
  entries.map(([code, name, country]): Place => ({ code, kind: "region", partition, name, country })),
);

const partitionOf = new Map(regions.map(({ code, partition }) => [code, partition]));

const localZones = LOCAL_ZONES.map(([code, name, country]): Place => {
  const parent = code.split("-").slice(0, -2).join("-");
  return { code, kind: "local-zone", parent, partition: partitionOf.get(parent) ?? "aws", name, country };
});

/** All places by code: Regions by their code, Local Zones by their group's. */
export const places: ReadonlyMap<string, Place> = new Map(
  [...regions, ...localZones].map((place) => [place.code, place]),
);

/**
 * The place with this code, or the one that a zone is in: us-east-1-bos-1a is in us-east-1-bos-1, eu-central-1a in eu-central-1. Undefined
 * when the table doesn't know it, of which the Region at the front of a zone's name says nothing. Pure.
 *
 * @param code a Region, a Local Zone's group, or the name (not the ID) of a Local or Availability Zone
 */
export function placeOf(code: string): Place | undefined {
  return places.get(code) ?? places.get(code.replace(/(?<=\d)[a-z]$/, ""));
}
